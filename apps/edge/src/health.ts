import type { CancelTimer, Clock, Log } from '@parley/core';

export type Phase = 'starting' | 'serving' | 'draining' | 'stopped';

export interface Readiness {
  readonly ready: boolean;
  readonly phase: Phase;
  /** Why not ready: a balancer should send nobody. Empty when ready. */
  readonly reasons: readonly string[];
  /** What is wrong though the node is ready. */
  readonly degraded: readonly string[];
}

export interface HealthDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** Asks the store something small. Rejects within a bounded time when it does not answer. */
  readonly pingStore: () => Promise<unknown>;
  readonly busUp: () => boolean;
}

const PING_PERIOD_MS = 1_000;
/** A store that is away for less (a restart, a failover) does not send everybody to other nodes, which have the same store. */
const STORE_GRACE_MS = 3_000;

/**
 * Whether a balancer should send new clients here. Not while starting or draining, nor once the store has not answered for a while, since
 * nobody can sign in then. A bus that is down is no reason: sends are still acknowledged, and messages of other nodes still arrive, later (G4);
 * if it were, a Redis that is away would take every node out at once.
 */
export class Health {
  readonly #deps: HealthDependencies;
  #phase: Phase = 'starting';
  #waitingFor: string | null = null;
  #storeFailingSinceMs: number | null = null;
  #pinging: boolean = false;
  #cancel: CancelTimer | null = null;

  constructor(deps: HealthDependencies) {
    this.#deps = deps;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** What the start is waiting for, in words; null when it goes on. */
  waitFor(what: string | null): void {
    this.#waitingFor = what;
  }

  enter(phase: Phase): void {
    this.#phase = phase;
    if (phase === 'serving') this.#cancel ??= this.#deps.clock.every(PING_PERIOD_MS, () => void this.#ping());
    if (phase === 'stopped') this.#cancel?.();
  }

  readiness(): Readiness {
    const reasons: string[] = [];
    const degraded: string[] = [];
    if (this.#phase === 'starting') {
      reasons.push(this.#waitingFor === null ? 'starting' : `starting: waiting for ${this.#waitingFor}`);
    } else if (this.#phase !== 'serving') {
      reasons.push(this.#phase);
    }
    if (this.#storeFailingSinceMs !== null) {
      const failingMs = this.#deps.clock.nowMs() - this.#storeFailingSinceMs;
      const text = `the store has not answered for ${Math.round(failingMs / 1_000)} s`;
      (failingMs >= STORE_GRACE_MS ? reasons : degraded).push(text);
    }
    if (this.#phase === 'serving' && !this.#deps.busUp()) {
      degraded.push('the bus is down: messages of other nodes arrive by reading the store');
    }
    return { ready: reasons.length === 0, phase: this.#phase, reasons, degraded };
  }

  /** One at a time: a store that hangs gets no pile of questions. */
  async #ping(): Promise<void> {
    if (this.#pinging) return;
    this.#pinging = true;
    const startedMs = this.#deps.clock.nowMs();
    try {
      await this.#deps.pingStore();
      if (this.#storeFailingSinceMs !== null) this.#deps.log.info({}, 'the store answers again');
      this.#storeFailingSinceMs = null;
    } catch (error) {
      if (this.#storeFailingSinceMs === null) this.#deps.log.warn({ err: error }, 'the store does not answer');
      this.#storeFailingSinceMs ??= startedMs;
    } finally {
      this.#pinging = false;
    }
  }
}
