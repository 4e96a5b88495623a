import type { ConversationFeed } from '../feed/conversation-feed.ts';
import type { MissingRanges } from '../sync/missing-ranges.ts';
import type { ConversationId, Seq } from '../types.ts';
import type { LocalUser } from './local-user.ts';

/** Conversations that the user left while its session was connected; of older ones nothing is remembered. */
const MAX_DEPARTURES = 1_000;

/** What a session does before it is live: it knows of the conversations that it is at how far they have come. */
export interface Progress {
  /** Undefined: it is not at this one. */
  sent(feed: ConversationFeed): Seq | undefined;
}

interface Departure {
  readonly feed: ConversationFeed;
  readonly seq: Seq;
}

/**
 * How far one device of the current protocol was sent each conversation of its user, or has said it has it: no receipt of its own proves more (G6). While
 * its session reads, that is where it is with the conversation, or what waits begins; live, the position of the feed; once it has ended, where that was.
 * Of a conversation that the user has left it is never more than where that was (G7). Made of nothing until there is something. Bounded.
 */
export class SentSoFar {
  readonly #user: LocalUser;
  readonly #missing: MissingRanges;
  /** Null while live, and at the end. */
  #progress: Progress | null = null;
  #departures: Map<ConversationId, Departure> | null = null;
  /** Of a session that has ended: where it had not come to the position of the feed. */
  #unsentAfter: Map<ConversationFeed, Seq> | null = null;

  /** @param missing what the same session has yet to read */
  constructor(user: LocalUser, missing: MissingRanges) {
    this.#user = user;
    this.#missing = missing;
  }

  /** The highest seq of the conversation that the device was sent, or said it has; null when the conversation is not the user's. */
  upTo(conversationId: ConversationId): { readonly feed: ConversationFeed; readonly seq: Seq } | null {
    const feed = this.#user.feeds.get(conversationId);
    if (feed !== undefined) return { feed, seq: Math.max(this.#sent(feed), this.#missing.skippedTo(feed)) };
    const left = this.#departures?.get(conversationId);
    return left === undefined ? null : { feed: left.feed, seq: Math.min(left.seq, this.#sent(left.feed)) };
  }

  /** Up to here the device has all of the conversation, once what is missing has been read. */
  completeTo(feed: ConversationFeed): Seq {
    const upto = this.#missing.completeTo(feed);
    if (this.#user.feeds.get(feed.conversationId) === feed) return upto;
    // It was left meanwhile: what is behind that comes, if at all, with a membership of its own.
    return Math.min(upto, this.#departures?.get(feed.conversationId)?.seq ?? upto);
  }

  /** Up to here nothing of the conversation comes to a live session any more. */
  passed(conversationId: ConversationId): Seq {
    const feed = this.#user.feeds.get(conversationId);
    return feed?.position ?? this.#departures?.get(conversationId)?.seq ?? 0;
  }

  /** What the session does from here on; null: it is live, and has sent all that its feeds have handed out. */
  isAt(progress: Progress | null): void {
    this.#progress = progress;
  }

  /** The user has left at `seq`. */
  departed(feed: ConversationFeed, seq: Seq): void {
    this.#departures ??= new Map();
    if (this.#departures.size >= MAX_DEPARTURES) this.#departures.clear();
    this.#departures.set(feed.conversationId, { feed, seq });
  }

  /** Nothing is sent from here on. To be said while the session still knows what is missing. */
  freeze(): void {
    if (this.#progress === null) return;
    const left = [...(this.#departures?.values() ?? [])].map(({ feed }) => feed);
    for (const feed of [...this.#user.feeds.values(), ...left]) this.unsent(feed, this.#sent(feed));
    this.#progress = null;
  }

  /** The session has ended and is not sent what comes behind `afterSeq`; what was noted first stands. */
  unsent(feed: ConversationFeed, afterSeq: Seq): void {
    this.#unsentAfter ??= new Map();
    if (!this.#unsentAfter.has(feed)) this.#unsentAfter.set(feed, afterSeq);
  }

  #sent(feed: ConversationFeed): Seq {
    const reading = this.#progress?.sent(feed) ?? this.#missing.waitsAfter(feed);
    return this.#unsentAfter?.get(feed) ?? reading ?? feed.position;
  }
}
