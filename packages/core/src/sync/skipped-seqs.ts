import type { ConversationFeed } from '../feed/conversation-feed.ts';
import type { CatchUpRange } from '../session/local-user.ts';
import type { Seq } from '../types.ts';

/**
 * Where a session goes on live, of conversations whose feed is not there yet: what is at or below it the device has, or its user was no member (G5, G7).
 * Bounded by the session's conversations.
 */
export class SkippedSeqs {
  readonly #below = new Map<ConversationFeed, Seq>();

  /** @param waits whether something of the feed waits in the session's tail */
  static concerns({ afterSeq, uptoSeq }: Omit<CatchUpRange, 'includeOwn'>, waits: boolean): boolean {
    return afterSeq > uptoSeq || (afterSeq === uptoSeq && waits);
  }

  note({ feed, afterSeq }: Omit<CatchUpRange, 'includeOwn'>): void {
    this.#below.set(feed, afterSeq);
  }

  /** The seq behind which the session goes on; 0 when wherever its feed is. */
  of(feed: ConversationFeed): Seq {
    return this.#below.get(feed) ?? 0;
  }

  /** Whether the device needs no copy. */
  has(feed: ConversationFeed, seq: Seq): boolean {
    const below = this.#below.get(feed);
    if (below === undefined) return false;
    if (seq >= below) this.#below.delete(feed);
    return seq <= below;
  }
}
