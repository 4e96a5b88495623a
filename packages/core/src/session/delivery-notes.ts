import type { ConversationFeed } from '../feed/conversation-feed.ts';
import type { ConversationId, Seq } from '../types.ts';

/** Conversations that the user left while its session was connected; of older ones nothing is remembered. */
const MAX_DEPARTURES = 1_000;
/** Messages of its own that a session remembers while it reads its backlog; of more it may get copies. */
const MAX_OWN = 1_000;

interface Departure {
  readonly feed: ConversationFeed;
  readonly seq: Seq;
}

/** What a session of the current protocol remembers of its conversations besides their order: made of nothing until there is something. Bounded. */
export class DeliveryNotes {
  #departures: Map<ConversationId, Departure> | null = null;
  #unsentAfter: Map<ConversationFeed, Seq> | null = null;
  #own: Set<string> | null = null;

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
    this.#own ??= new Set();
    if (this.#own.size < MAX_OWN) this.#own.add(`${conversationId}:${seq}`);
  }

  isOwn(conversationId: ConversationId, seq: Seq): boolean {
    return this.#own?.has(`${conversationId}:${seq}`) === true;
  }

  /** The session is live: what it sends does not come back. */
  forgetOwn(): void {
    this.#own = null;
  }
}
