import type { ConversationFeed } from '../feed/conversation-feed.ts';
import type { Clock } from '../ports/clock.ts';
import type { Connection } from '../ports/connection.ts';
import type { Seq } from '../types.ts';

/**
 * Proof of delivery for a client that sends no receipts (G6, L10): a ping behind the frames; frames are ordered, so its pong says that the client's
 * stack has everything before it. At most one ping is unanswered, and one is sent per period. Bounded by the conversations of the session.
 */
export class Watermark {
  /** Null while empty: most connections are idle. */
  #dirty: Map<ConversationFeed, Seq> | null = null;
  #pinged: Map<ConversationFeed, Seq> | null = null;
  #count = 0;
  #lastPingMs = Number.NEGATIVE_INFINITY;

  /** The frame of `seq`, and every one below it that the user has not sent itself, is on its way. */
  mark(feed: ConversationFeed, seq: Seq): void {
    this.#dirty ??= new Map();
    this.#dirty.set(feed, seq);
  }

  /** Nothing is waiting for a ping or a pong. */
  get settled(): boolean {
    return this.#pinged === null && this.#dirty === null;
  }

  get wantsPing(): boolean {
    return this.#pinged === null && this.#dirty !== null;
  }

  isDue(nowMs: number, periodMs: number): boolean {
    return nowMs - this.#lastPingMs >= periodMs;
  }

  ping(connection: Connection, nowMs: number): void {
    this.#lastPingMs = nowMs;
    this.#pinged = this.#dirty;
    this.#dirty = null;
    connection.ping(String(++this.#count));
  }

  /** @returns what the pong proves, null when it answers none of our pings */
  pong(payload: string): ReadonlyMap<ConversationFeed, Seq> | null {
    if (this.#pinged === null || payload !== String(this.#count)) return null;
    const proven = this.#pinged;
    this.#pinged = null;
    return proven;
  }
}

export interface Pingable {
  readonly connection: Connection;
  readonly watermark: Watermark;
}

/** Sends the watermark pings of all sessions: at the end of the tick that sent the frames, or as soon as a session's period allows. */
export class PingScheduler {
  readonly #clock: Clock;
  readonly #periodMs: number;
  #fresh: Pingable[] = [];
  /** In the order of their marking, which is nearly the order in which they are due. */
  readonly #waiting = new Set<Pingable>();

  constructor(clock: Clock, periodMs: number) {
    this.#clock = clock;
    this.#periodMs = periodMs;
  }

  request(session: Pingable): void {
    if (this.#waiting.has(session)) return;
    this.#waiting.add(session);
    this.#fresh.push(session);
  }

  remove(session: Pingable): void {
    this.#waiting.delete(session);
  }

  /** At the end of whatever sent frames: the pings leave in the same write. */
  flush(): void {
    if (this.#fresh.length === 0) return;
    const fresh = this.#fresh;
    this.#fresh = [];
    this.#pingDue(fresh);
  }

  /** About every 100 ms: those whose period was not over at their flush. */
  sweep(): void {
    this.flush();
    if (this.#waiting.size > 0) this.#pingDue(this.#waiting);
  }

  #pingDue(sessions: Iterable<Pingable>): void {
    const now = this.#clock.nowMs();
    for (const session of sessions) {
      if (!this.#waiting.has(session)) continue;
      if (!session.watermark.wantsPing) {
        this.#waiting.delete(session);
      } else if (session.watermark.isDue(now, this.#periodMs)) {
        this.#waiting.delete(session);
        session.watermark.ping(session.connection, now);
      }
    }
  }
}
