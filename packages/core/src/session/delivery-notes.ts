import type { ConversationFeed } from '../feed/conversation-feed.ts';
import type { ConversationId, Seq } from '../types.ts';

/** Conversations that the user left while its session was connected; of older ones nothing is remembered. */
const MAX_DEPARTURES = 1_000;
/** Messages of its own that a session remembers until they have passed by; of more it may get copies. */
const MAX_OWN = 1_000;

interface Departure {
  readonly feed: ConversationFeed;
  readonly seq: Seq;
}

/** What a session of the current protocol remembers of its conversations besides their order: made of nothing until there is something. Bounded. */
export class DeliveryNotes {
  #departures: Map<ConversationId, Departure> | null = null;
  #unsentAfter: Map<ConversationFeed, Seq> | null = null;
  #own: Map<ConversationId, Set<Seq>> | null = null;
  #ownCount = 0;

  /** The user has left at `seq`. */
  departed(feed: ConversationFeed, seq: Seq): void {
    this.#departures ??= new Map();
    if (this.#departures.size >= MAX_DEPARTURES) this.#departures.clear();
    this.#departures.set(feed.conversationId, { feed, seq });
  }

  departure(conversationId: ConversationId): Departure | null {
    return this.#departures?.get(conversationId) ?? null;
  }

  departures(): readonly Departure[] {
    return [...(this.#departures?.values() ?? [])];
  }

  /** A session that is frozen has been sent the conversation so far; what was noted first stands. */
  unsent(feed: ConversationFeed, afterSeq: Seq): void {
    this.#unsentAfter ??= new Map();
    if (!this.#unsentAfter.has(feed)) this.#unsentAfter.set(feed, afterSeq);
  }

  unsentAfter(feed: ConversationFeed): Seq | null {
    return this.#unsentAfter?.get(feed) ?? null;
  }

  /** The session has sent this message itself. */
  wrote(conversationId: ConversationId, seq: Seq): void {
    if (this.#ownCount >= MAX_OWN) return;
    this.#own ??= new Map();
    const known = this.#own.get(conversationId);
    if (known === undefined) this.#own.set(conversationId, new Set([seq]));
    else known.add(seq);
    this.#ownCount++;
  }

  isOwn(conversationId: ConversationId, seq: Seq): boolean {
    return this.#own?.get(conversationId)?.has(seq) === true;
  }

  /** The session is live: what it has sent does not come back, but for what its feed has yet to come to. */
  forgetOwn(positionOf: (conversationId: ConversationId) => Seq): void {
    const own = this.#own;
    this.#own = null;
    this.#ownCount = 0;
    for (const [conversationId, seqs] of own ?? []) {
      const position = positionOf(conversationId);
      for (const seq of seqs) if (seq > position) this.wrote(conversationId, seq);
    }
  }
}
