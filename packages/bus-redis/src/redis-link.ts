import type { BusEvents, CancelTimer, Clock, Log, NodeId } from '@parley/core';
import { type Keys, newNodeId } from './keys.ts';
import type { OpenConnections } from './redis-connections.ts';
import { Session } from './session.ts';
import { RETRY_MAX_MS, RETRY_MIN_MS } from './timing.ts';

/** Incarnations of this process whose entries may still be in Redis; older ones are left to the other nodes' reapers. */
const MAX_OLD_IDS = 16;

/** Thrown by every operation while there is no session. */
export class BusDownError extends Error {
  constructor() {
    super('the bus is down');
    this.name = 'BusDownError';
  }
}

export interface RedisLinkOptions {
  readonly open: OpenConnections;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly log: Log;
  /** Leaves the dead to others. */
  readonly observer: boolean;
}

/**
 * The node's tie to Redis, shared by bus and directory: a row of sessions, one incarnation each.
 *
 *     opening --connected, subscribed, fence passed, lease taken--> up        (the first session: `start` resolves)
 *     opening --the same--> rejoining --onRejoin resolved--> up               (every later one)
 *     opening --any failure, 5 s--> opening                                   (after a wait of 50 ms to 1 s, for ever)
 *     up, rejoining --anything at all goes wrong--> opening                   (onDown, at once)
 *
 * "Anything" is: either connection closed, the lease gone, the node's own heartbeats missed three times, renewals failing, `onRejoin` rejected.
 * There is one answer to all of them, a new incarnation, because it is always right: what may have been lost with a connection, a failover
 * or a restored snapshot (envelopes, joins, the lease) need not be told apart. A lost envelope alone (a gap in its counter) ends nothing and
 * is `onLoss`. While rejoining the directory and `publish` work, `up` is false, and lookups name the old incarnation too; its entries go once
 * `onRejoin` has resolved. Calls of `onRejoin` never overlap.
 */
export class RedisLink {
  nodeId: NodeId = newNodeId();
  up: boolean = false;
  readonly #options: RedisLinkOptions;
  readonly #oldIds = new Set<NodeId>();
  #events: BusEvents | null = null;
  #session: Session | null = null;
  #opening: Session | null = null;
  #wake: (() => void) | null = null;
  #rejectStart: ((error: Error) => void) | null = null;
  #stopping: Promise<void> | null = null;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
  }

  get events(): BusEvents | null {
    return this.#events;
  }

  /** The session that is connected; throws `BusDownError` when there is none. */
  connected(): Session {
    if (this.#session === null) throw new BusDownError();
    return this.#session;
  }

  start(events: BusEvents): Promise<void> {
    if (this.#events !== null || this.#stopping !== null)
      return Promise.reject(new Error('the bus was started before'));
    this.#events = events;
    return new Promise((resolve, reject) => {
      this.#rejectStart = reject;
      void this.#live(events, resolve);
    });
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.up = false;
    this.#rejectStart?.(new Error('the bus was stopped'));
    this.#wake?.();
    this.#opening?.end('stopped');
    await this.#session?.goodbye();
  }

  async #live(events: BusEvents, started: () => void): Promise<void> {
    let failures = 0;
    let first = true;
    let reason = '';
    while (this.#stopping === null) {
      let ended: (reason: string) => void = () => {};
      const end = new Promise<string>((resolve) => {
        ended = resolve;
      });
      const session = await this.#open(events, ended);
      if (session === null) {
        failures += 1;
      } else if (first) {
        first = false;
        this.up = true;
        started();
        failures = 0;
      } else if (await this.#rejoin(session, events, reason)) {
        failures = 0;
      } else {
        failures += 1;
      }
      if (session !== null) reason = await end;
      await this.#pause(failures);
    }
  }

  async #open(events: BusEvents, ended: (reason: string) => void): Promise<Session | null> {
    const { open, keys, clock, log, observer } = this.#options;
    const session = new Session({
      open,
      keys,
      clock,
      log,
      events,
      observer,
      isOwn: (id) => this.#oldIds.has(id),
      onEnd: (over, reason) => {
        this.#onEnd(over, events, reason);
        ended(reason);
      },
    });
    this.#opening = session;
    try {
      await session.open();
    } catch (error) {
      if (this.#stopping === null) log.warn({ err: error }, 'Redis cannot be reached; trying again');
      return null;
    } finally {
      this.#opening = null;
    }
    this.#session = session;
    this.nodeId = session.nodeId;
    log.info({ nodeId: session.nodeId }, 'the bus is connected');
    return session;
  }

  /** True when the node is up again. */
  async #rejoin(session: Session, events: BusEvents, reason: string): Promise<boolean> {
    try {
      await events.onRejoin(reason);
    } catch (error) {
      session.end(`the node could not rejoin its topics: ${String(error)}`);
    }
    if (session.over) return false;
    this.up = this.#stopping === null;
    for (const id of this.#oldIds) {
      // What fails here is left to the reapers: the lease of that incarnation ends by itself.
      session.reaper
        .clearOwn(id)
        .then(() => this.#oldIds.delete(id))
        .catch((error: unknown) => this.#options.log.warn({ nodeId: id, err: error }, 'old entries are left'));
    }
    return true;
  }

  #onEnd(session: Session, events: BusEvents, reason: string): void {
    if (this.#session !== session) return;
    this.#session = null;
    this.up = false;
    if (this.#stopping !== null) return;
    this.#oldIds.add(session.nodeId);
    const [oldest] = this.#oldIds;
    if (this.#oldIds.size > MAX_OLD_IDS && oldest !== undefined) this.#oldIds.delete(oldest);
    this.#options.log.warn({ nodeId: session.nodeId, reason }, 'the bus is down');
    events.onDown(reason);
  }

  #pause(failures: number): Promise<void> {
    if (this.#stopping !== null) return Promise.resolve();
    const longestMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** failures);
    return new Promise((resolve) => {
      const cancel: CancelTimer = this.#options.clock.after(longestMs * (0.5 + Math.random() / 2), () =>
        this.#wake?.(),
      );
      this.#wake = () => {
        this.#wake = null;
        cancel();
        resolve();
      };
    });
  }
}
