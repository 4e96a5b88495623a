import type { BusEvents, CancelTimer, Clock, Log, NodeId } from '@parley/core';
import { type Keys, newNodeId } from './keys.ts';
import { LossDetector } from './loss-detector.ts';
import { renewLease } from './lua/renew-lease.ts';
import { takeLease } from './lua/take-lease.ts';
import { Reaper } from './reaper.ts';
import type { OpenConnections, RedisConnections } from './redis-connections.ts';
import { StreamCounters } from './stream-counters.ts';
import { GOODBYE_TIMEOUT_MS, HEARTBEAT_MS, LEASE_MS, MISSED_HEARTBEATS, OPEN_TIMEOUT_MS } from './timing.ts';
import * as wire from './wire.ts';

/** Dead incarnations that one renewal names, and renewals in a row that may fail. */
const MAX_DEAD = 16;
const MAX_FAILED_RENEWALS = 3;
const FENCE_REPEAT_MS = 250;
const EXPIRE_EVERY_BEATS = 10;

export interface SessionOptions {
  readonly open: OpenConnections;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: BusEvents;
  /** Whether an incarnation was one of this process. */
  readonly observer: boolean;
  readonly isOwn: (nodeId: NodeId) => boolean;
  /** The session is over; called once, also when it never opened. */
  readonly onEnd: (session: Session, reason: string) => void;
}

/**
 * One incarnation of this node, from its first connection to the first thing that goes wrong with it: a connection lost, the lease
 * ended, its own heartbeats missed. It never recovers; the link opens the next one.
 */
export class Session {
  readonly nodeId: NodeId = newNodeId();
  readonly connections: RedisConnections;
  readonly counters = new StreamCounters();
  readonly reaper: Reaper;
  readonly #options: SessionOptions;
  readonly #detector: LossDetector;
  #timer: CancelTimer | null = null;
  #rejectOpen: ((error: Error) => void) | null = null;
  #fence: (() => void) | null = null;
  #over: string | null = null;
  /** Heartbeats sent since one came back, on the inbox and on the shared channel. */
  #missedOwn = 0;
  #missedShared = 0;
  #renewing: boolean = false;
  #failedRenewals = 0;
  #beats = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.connections = options.open({
      onMessage: (message) => this.#receive(message),
      onLost: (reason) => this.end(reason),
    });
    this.#detector = new LossDetector(options.clock, this.connections.reorderMs, {
      deliver: (payload) => this.#deliver(payload),
      lost: (publisher, count) => options.events.onLoss(`${count} envelopes of node ${publisher} did not arrive`),
    });
    this.reaper = new Reaper(this.connections, options.keys, this.nodeId, options.log, (nodeId, lastMessageId) =>
      options.events.onNodeDead(nodeId, lastMessageId),
    );
  }

  get over(): boolean {
    return this.#over !== null;
  }

  /** Connects, subscribes the inbox, sees its own heartbeat arrive there, and only then takes a lease. Rejects within `OPEN_TIMEOUT_MS`. */
  async open(): Promise<void> {
    const { clock } = this.#options;
    const over = new Promise<never>((_, reject) => {
      this.#rejectOpen = reject;
    });
    const cancel = clock.after(OPEN_TIMEOUT_MS, () => this.end('Redis does not answer in time'));
    try {
      // A client that is closed while it connects may leave its promise open.
      await Promise.race([this.#establish(), over]);
    } catch (error) {
      this.end(error instanceof Error ? error.message : String(error));
    } finally {
      cancel();
      this.#rejectOpen = null;
    }
    if (this.#over !== null) throw new Error(this.#over);
    this.#timer = clock.every(HEARTBEAT_MS, () => this.#tick());
    this.#tick();
  }

  /** Numbers and sends one envelope to each target. */
  async publish(envelopes: readonly (readonly [NodeId, Uint8Array])[]): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    await this.connections.publishToInboxes(
      envelopes.map(([target, payload]) => [
        this.#options.keys.inbox(target),
        wire.encodeEnvelope(this.nodeId, this.counters.next(target, nowMs), payload),
      ]),
    );
  }

  /** Takes back every entry and the lease. What is not done in time is left to another node's reaper. */
  async goodbye(): Promise<void> {
    const cancel = this.#options.clock.after(GOODBYE_TIMEOUT_MS, () => this.end('the goodbye took too long'));
    try {
      await this.reaper.clearOwn(this.nodeId);
    } catch (error) {
      this.#options.log.warn({ nodeId: this.nodeId, err: error }, 'the node left Redis without a goodbye');
    } finally {
      cancel();
    }
    this.end('stopped');
  }

  end(reason: string): void {
    if (this.#over !== null) return;
    this.#over = reason;
    this.#timer?.();
    this.#rejectOpen?.(new Error(reason));
    this.#detector.close();
    this.connections.close();
    this.#options.onEnd(this, reason);
  }

  async #establish(): Promise<void> {
    const { keys, events } = this.#options;
    await this.connections.connect();
    await this.connections.subscribe(keys.inbox(this.nodeId), keys.heartbeats);
    await this.#passFence();
    const lease = [this.nodeId, LEASE_MS, events.lastMessageId()];
    const taken = await this.connections.run(takeLease, [keys.leases, keys.marks], lease);
    if (taken !== 1) throw new Error('another node has the same id');
  }

  /** A heartbeat that comes back on both channels proves that both connections lead to one Redis and that both subscriptions hold. */
  async #passFence(): Promise<void> {
    this.#missedOwn = 1;
    this.#missedShared = 1;
    await new Promise<void>((resolve) => {
      if (this.#over !== null) return;
      this.#fence = resolve;
      this.#timer = this.#options.clock.every(FENCE_REPEAT_MS, () => this.#beat());
      this.#beat();
    });
    this.#fence = null;
    this.#timer?.();
  }

  #tick(): void {
    if (Math.max(this.#missedOwn, this.#missedShared) >= MISSED_HEARTBEATS) {
      this.end(`${MISSED_HEARTBEATS} of the node's own heartbeats did not come back`);
      return;
    }
    this.#missedOwn += 1;
    this.#missedShared += 1;
    this.#beats += 1;
    this.#beat();
    if (this.#beats % EXPIRE_EVERY_BEATS === 0) this.#detector.expire();
    if (!this.#renewing) void this.#renew();
  }

  #beat(): void {
    const { keys, clock, log } = this.#options;
    const heartbeat = wire.encodeHeartbeat(this.nodeId, this.counters.recent(clock.nowMs()));
    const failed = (error: unknown) => log.debug({ err: error }, 'a heartbeat was not sent');
    this.connections.publishToAll(keys.heartbeats, heartbeat).catch(failed);
    this.connections.publishToInboxes([[keys.inbox(this.nodeId), wire.encodeOwnBeat(this.nodeId)]]).catch(failed);
  }

  async #renew(): Promise<void> {
    const { keys, events, log, isOwn, observer } = this.#options;
    this.#renewing = true;
    try {
      const reply = (await this.connections.run(
        renewLease,
        [keys.leases, keys.marks],
        [this.nodeId, LEASE_MS, events.lastMessageId(), MAX_DEAD],
      )) as [held: number, ...dead: NodeId[]];
      const [held, ...dead] = reply;
      if (this.connections.sharded) await this.connections.ping();
      this.#failedRenewals = 0;
      if (held !== 1) this.end('the lease has ended');
      else if (!observer) this.reaper.reap(dead.filter((id) => !isOwn(id)));
    } catch (error) {
      this.#failedRenewals += 1;
      log.warn({ err: error, failed: this.#failedRenewals }, 'the lease was not renewed');
      // A master that has become a replica stays one: look for the new master at once.
      if (this.#failedRenewals >= MAX_FAILED_RENEWALS || String(error).includes('READONLY')) {
        this.end(`the lease cannot be renewed: ${String(error)}`);
      }
    } finally {
      this.#renewing = false;
    }
  }

  #receive(message: Buffer): void {
    if (this.#over !== null) return;
    const kind = wire.kindOf(message);
    if (kind === 0) return;
    const publisher = wire.publisherOf(message);
    if (kind === wire.ENVELOPE) {
      this.#detector.receive(publisher, wire.streamOf(message), wire.counterOf(message), wire.payloadOf(message));
    } else if (publisher === this.nodeId) {
      if (kind === wire.OWN_BEAT) this.#missedOwn = 0;
      else this.#missedShared = 0;
      if (this.#missedOwn + this.#missedShared === 0) this.#fence?.();
    } else {
      const position = kind === wire.HEARTBEAT ? wire.positionIn(message, this.nodeId) : null;
      if (position === null) this.#detector.heard(publisher);
      else this.#detector.expect(publisher, position.stream, position.counter);
    }
  }

  #deliver(payload: Uint8Array): void {
    try {
      this.#options.events.onEnvelope(payload);
    } catch (error) {
      this.#options.log.error({ err: error }, 'an envelope was not taken in');
    }
  }
}
