import type { Clock } from '../ports/clock.ts';
import type { MessageStore } from '../ports/message-store.ts';
import type { Log, Telemetry } from '../ports/telemetry.ts';
import { MAX_BYTES_AT_ONCE } from '../socket-limits.ts';
import type { Seq, StoredMessage } from '../types.ts';
import { publicationOf } from '../wire/message-frame.ts';
import type { ConversationFeed } from './conversation-feed.ts';

const MAX_FEEDS_PER_READ = 64;
const ROWS_PER_READ = 256;
/** An assumption until the first page has been seen. */
const GUESSED_ROW_BYTES = 1_024;
/** What a feed waits for a socket that has not taken the part before: for longer, one reader would hold up all others. */
const MAX_HELD_UP_MS = 250;
const LOOK_AGAIN_MS = 10;
const MAX_BACKOFF_MS = 2_000;
/** Also what two clocks that disagree can cost. */
const MAX_GRACE_MS = 250;
/** A gap for which the store had nothing is read again after this: a head was announced that is no more (a failover lost it). */
const EMPTY_RETRY_MS = 1_000;
/** A bus that is this many times slower than its average is not slow, it has lost something. */
const GRACE_PER_LATENCY = 4;

/**
 * Fills the gaps of feeds from the store. A gap gets a grace first, since most are overtakings: short, and longer while the bus is slow, so that load does
 * not make repairs and repairs load. (What the bus knows to be lost it says itself.) All feeds whose grace is over are read together, one read at a time; a failing store is asked again with backoff, for as long as the gap is there.
 * Bounded: a feed is listed once, a read takes at most 256 rows, fewer when they are large, and at most about 256 KB are handed out at once; sockets that
 * take no more just then get a moment.
 */
export class FeedRepair {
  readonly #store: Pick<MessageStore, 'readRanges'>;
  readonly #originOf: (message: StoredMessage) => number;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #log: Log;
  readonly #graceMs: number;
  readonly #afterPage: () => void;
  /** When each gap was seen; its grace counts from then. */
  readonly #gaps = new Map<ConversationFeed, number>();
  /** Feeds that wait for a socket, and how long at most. Of those with a gap. */
  readonly #heldUp = new Map<ConversationFeed, number>();
  /** Of a row of the last page, on average. */
  #rowBytes = GUESSED_ROW_BYTES;
  #latencyMs = 0;
  #running = false;
  #failures = 0;
  #dueMs = 0;
  /** No read begins before this: the store has just failed. */
  #pausedUntilMs = 0;
  #cancel: (() => void) | null = null;

  constructor(deps: {
    store: Pick<MessageStore, 'readRanges'>;
    /** The session of this node that has sent the message, or is being told so, and needs no copy; 0 when there is none. */
    originOf: (message: StoredMessage) => number;
    clock: Clock;
    telemetry: Telemetry;
    log: Log;
    graceMs: number;
    /** Called after each page that was handed out. */
    afterPage: () => void;
  }) {
    this.#store = deps.store;
    this.#originOf = deps.originOf;
    this.#clock = deps.clock;
    this.#telemetry = deps.telemetry;
    this.#log = deps.log;
    this.#graceMs = deps.graceMs;
    this.#afterPage = deps.afterPage;
  }

  get pending(): number {
    return this.#gaps.size;
  }

  /** How long an envelope of another node took to get here. */
  noteLatency(ms: number): void {
    this.#latencyMs += (ms - this.#latencyMs) / 16;
  }

  /** Called whenever a feed may have got a gap; cheap when it has none. */
  watch(feed: ConversationFeed): void {
    if (!feed.hasGap) {
      if (this.#gaps.size > 0) this.#forget(feed);
      return;
    }
    if (this.#gaps.has(feed)) return;
    this.#gaps.set(feed, this.#clock.nowMs());
    this.#schedule(this.#grace);
  }

  get #grace(): number {
    return Math.max(this.#graceMs, Math.min(MAX_GRACE_MS, this.#latencyMs * GRACE_PER_LATENCY));
  }

  stop(): void {
    this.#cancel?.();
    this.#gaps.clear();
    this.#heldUp.clear();
  }

  #schedule(delayMs: number): void {
    if (this.#running || this.#gaps.size === 0) return;
    const now = this.#clock.nowMs();
    const dueMs = Math.max(now + delayMs, this.#pausedUntilMs);
    if (this.#cancel !== null && this.#dueMs <= dueMs) return;
    this.#cancel?.();
    this.#dueMs = dueMs;
    this.#cancel = this.#clock.after(dueMs - now, () => {
      this.#cancel = null;
      this.#running = true;
      void this.#fill().then((nextDelayMs) => {
        this.#running = false;
        this.#schedule(nextDelayMs);
      });
    });
  }

  #forget(feed: ConversationFeed): void {
    this.#gaps.delete(feed);
    this.#heldUp.delete(feed);
  }

  /** One read over the feeds whose grace is over. @returns when to go on, in ms */
  async #fill(): Promise<number> {
    const rows = Math.max(1, Math.min(ROWS_PER_READ, Math.floor(MAX_BYTES_AT_ONCE / this.#rowBytes)));
    const { feeds, againMs } = this.#due(Math.min(rows, MAX_FEEDS_PER_READ));
    if (feeds.length === 0) return againMs;
    const limit = Math.floor(rows / feeds.length);
    const positions = feeds.map((feed) => feed.position);
    try {
      const pages = await this.#store.readRanges(
        feeds.map((feed) => ({
          conversationId: feed.conversationId,
          afterSeq: feed.position,
          uptoSeq: feed.knownHead,
          limit,
        })),
      );
      this.#failures = 0;
      this.#handOut(feeds, positions, pages);
      this.#afterPage();
      return 0;
    } catch (error) {
      this.#failures++;
      this.#log.warn({ err: error, conversations: feeds.length }, 'gaps could not be read; trying again');
      this.#pausedUntilMs = this.#clock.nowMs() + Math.min(MAX_BACKOFF_MS, 50 * 2 ** Math.min(this.#failures, 6));
      return 0;
    }
  }

  /** The feeds to read now; without any, in how many ms to look again. */
  #due(max: number): { readonly feeds: ConversationFeed[]; readonly againMs: number } {
    const feeds: ConversationFeed[] = [];
    const nowMs = this.#clock.nowMs();
    const seenBefore = nowMs - this.#grace;
    let againMs = Number.POSITIVE_INFINITY;
    for (const [feed, sinceMs] of this.#gaps) {
      if (!feed.hasGap || feed.users.length === 0) this.#forget(feed);
      else if (sinceMs > seenBefore) againMs = Math.min(againMs, Math.ceil(sinceMs - seenBefore));
      else if (this.#isHeldUp(feed, nowMs)) againMs = Math.min(againMs, LOOK_AGAIN_MS);
      else if (feeds.length < max) feeds.push(feed);
    }
    return { feeds, againMs: Number.isFinite(againMs) ? againMs : 0 };
  }

  #isHeldUp(feed: ConversationFeed, nowMs: number): boolean {
    if (!feed.congested) {
      this.#heldUp.delete(feed);
      return false;
    }
    const untilMs = this.#heldUp.get(feed);
    if (untilMs === undefined) this.#heldUp.set(feed, nowMs + MAX_HELD_UP_MS);
    return untilMs === undefined || nowMs < untilMs;
  }

  /** As much as sockets take at once; what is left is read again. @param positions of the feeds, as the read began */
  #handOut(
    feeds: readonly ConversationFeed[],
    positions: readonly Seq[],
    pages: readonly (readonly StoredMessage[])[],
  ): void {
    let repaired = 0;
    let bytes = 0;
    for (const [at, feed] of feeds.entries()) {
      const page = pages[at] ?? [];
      const full = bytes >= MAX_BYTES_AT_ONCE;
      for (const message of page) {
        if (bytes >= MAX_BYTES_AT_ONCE) break;
        const before = feed.position;
        const publication = publicationOf(message, feed.members, this.#originOf(message));
        feed.accept(publication);
        if (feed.position === before) continue;
        bytes += publication.frame.byteLength;
        repaired++;
      }
      if (full && page.length > 0) continue;
      // To the end of the line: who is not through yet is read again after the others.
      this.#forget(feed);
      if (!feed.hasGap) continue;
      // Also when it went on live meanwhile: then this is another gap than the one that was read.
      const wentOn = feed.position > (positions[at] ?? 0);
      const again = wentOn ? Number.NEGATIVE_INFINITY : this.#clock.nowMs() + EMPTY_RETRY_MS;
      this.#gaps.set(feed, again);
    }
    if (repaired === 0) return;
    this.#rowBytes = bytes / repaired;
    this.#telemetry.gapRepaired(repaired);
  }
}
