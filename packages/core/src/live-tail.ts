import type { ConversationFeed } from './conversation-feed.ts';
import type { CatchUpRange } from './local-user.ts';
import { type MessagePublication, retained } from './publication.ts';
import type { Seq } from './types.ts';

export interface KeptPublication {
  readonly feed: ConversationFeed;
  readonly publication: MessagePublication;
}

/**
 * Live frames that wait while their session reads its backlog. Bounded: past the bound all of it is dropped, and what was dropped is read from the store
 * like any backlog; `missed` remembers from where.
 */
export class LiveTail {
  readonly #maxFrames: number;
  readonly #maxBytes: number;
  #kept: KeptPublication[] = [];
  #bytes = 0;
  /** Set when the tail was dropped: per feed, the last seq that came before the drop. */
  #missed: Map<ConversationFeed, Seq> | null = null;

  constructor(bounds: { readonly maxFrames: number; readonly maxBytes: number }) {
    this.#maxFrames = bounds.maxFrames;
    this.#maxBytes = bounds.maxBytes;
  }

  get overflown(): boolean {
    return this.#missed !== null;
  }

  keep(feed: ConversationFeed, publication: MessagePublication): void {
    const bytes = publication.frame.byteLength;
    if (this.#missed === null && this.#kept.length < this.#maxFrames && this.#bytes + bytes <= this.#maxBytes) {
      this.#kept.push({ feed, publication: retained(publication) });
      this.#bytes += bytes;
      return;
    }
    const missed = this.#missed ?? new Map<ConversationFeed, Seq>();
    for (const kept of this.#kept) if (!missed.has(kept.feed)) missed.set(kept.feed, kept.publication.seq - 1);
    if (!missed.has(feed)) missed.set(feed, publication.seq - 1);
    this.clear();
    this.#missed = missed;
  }

  /** The feeds whose frames were dropped, with the seq behind which they are missing; forgets them. */
  takeMissed(): ReadonlyMap<ConversationFeed, Seq> {
    const missed = this.#missed ?? new Map<ConversationFeed, Seq>();
    this.#missed = null;
    return missed;
  }

  /** What the user's departure at `seq` leaves missing of the feed: nothing behind it is to be read any more. */
  departed(feed: ConversationFeed, seq: Seq): CatchUpRange | null {
    const afterSeq = this.#missed?.get(feed);
    if (afterSeq === undefined) return null;
    this.#missed?.delete(feed);
    return { feed, afterSeq, uptoSeq: seq, includeOwn: true };
  }

  /** The last seq of the feed that came before what waits or was dropped; null when nothing did. */
  before(feed: ConversationFeed): Seq | null {
    const missed = this.#missed?.get(feed);
    if (missed !== undefined) return missed;
    const first = this.#kept.find((kept) => kept.feed === feed);
    return first === undefined ? null : first.publication.seq - 1;
  }

  /** In the order of their arrival; the tail is empty afterwards. */
  take(): readonly KeptPublication[] {
    const kept = this.#kept;
    this.clear();
    return kept;
  }

  clear(): void {
    this.#kept = [];
    this.#bytes = 0;
    this.#missed = null;
  }
}
