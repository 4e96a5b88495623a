import { type MessagePublication, retained } from '../bus/publication.ts';
import type { ConversationFeed } from '../feed/conversation-feed.ts';
import type { CatchUpRange } from '../session/local-user.ts';
import type { ConversationId, Seq } from '../types.ts';

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

  /**
   * The user has left at `seq`: what waits of the feed, or was dropped, becomes a range of its own, so that nothing behind it is read when the user comes
   * back, or the tail overflows, later. @returns null when nothing waits
   */
  departed(feed: ConversationFeed, seq: Seq): CatchUpRange | null {
    const before = this.before(feed);
    if (before === null) return null;
    this.#missed?.delete(feed);
    this.forget(feed.conversationId, seq);
    return { feed, afterSeq: before, uptoSeq: seq, includeOwn: true };
  }

  /** What waits of the conversation up to `seq` comes from elsewhere. */
  forget(conversationId: ConversationId, seq: Seq): void {
    this.#keep(({ feed, publication }) => feed.conversationId !== conversationId || publication.seq > seq);
  }

  /** All that waits of these conversations, or was dropped, comes from elsewhere. */
  forgetAll(these: (conversationId: ConversationId) => boolean): void {
    this.#keep(({ feed }) => !these(feed.conversationId));
    for (const feed of this.#missed?.keys() ?? []) if (these(feed.conversationId)) this.#missed?.delete(feed);
  }

  #keep(wanted: (kept: KeptPublication) => boolean): void {
    const others = this.#kept.filter(wanted);
    if (others.length === this.#kept.length) return;
    this.#kept = others;
    this.#bytes = others.reduce((sum, { publication }) => sum + publication.frame.byteLength, 0);
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
