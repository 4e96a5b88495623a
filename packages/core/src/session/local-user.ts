import type { MessagePublication } from '../bus/publication.ts';
import type { ConversationFeed } from '../feed/conversation-feed.ts';
import type { ConversationId, Membership, Seq, User, UserId } from '../types.ts';

/** What a user's connections look like from the delivery path. Implemented by `SessionDelivery`. */
export interface Recipient {
  readonly sessionId: number;
  readonly protocol: 'legacy' | 'current';
  /** One message of a feed, in that feed's order. Never throws. */
  deliver(feed: ConversationFeed, publication: MessagePublication): void;
  /** Read these ranges from the store before anything that comes after them. */
  catchUp(ranges: readonly CatchUpRange[]): void;
  /** A frame that is news and no message: only to sessions of the current protocol, at most once. Never throws. */
  notify(frame: Uint8Array | string): void;
  /** The user has left: nothing of the feed behind `seq` (G7). */
  departed(feed: ConversationFeed, seq: Seq): void;
  /** True until the session has read its memberships. */
  readonly loading: boolean;
  /** Live, and its socket has more to take than is sent to one at once. */
  readonly congested: boolean;
}

/** Messages that one session still needs: `afterSeq < seq <= uptoSeq`. */
export interface CatchUpRange {
  readonly feed: ConversationFeed;
  readonly afterSeq: number;
  readonly uptoSeq: number;
  /** False: what the user sent itself is not pending for it (L1). True: the range replaces live delivery (L14). */
  readonly includeOwn: boolean;
}

/** Of more conversations that a user leaves while it is here nothing is remembered: what is missing of one is brought with the next connect. */
const MAX_LEFT = 1_000;

/** A user with at least one connection to this node. `feeds` doubles as the cache of its memberships. */
export class LocalUser {
  readonly id: UserId;
  name: string;
  recipients: Recipient[] = [];
  /** The members of each feed that has no other one here; never written to. */
  readonly alone: LocalUser[] = [this];
  readonly feeds = new Map<ConversationId, ConversationFeed>();
  /** Conversations that a publication brought while all sessions of the user were loading: pinned until their memberships are read. */
  awaited: Set<ConversationFeed> | null = null;
  /** Personal conversations whose other member has blocked this user, as far as was read: asked again before a refusal. Null while there are none. */
  blockedIn: Set<ConversationId> | null = null;
  /** Conversations that it is no longer in, and where it left: its sessions were brought all up to there. Null while there are none. Bounded. */
  #left: Map<ConversationId, Seq> | null = null;

  constructor(user: User) {
    this.id = user.id;
    this.name = user.name;
  }

  /** @returns false when that is known already, or cannot be remembered */
  leaves(conversationId: ConversationId, seq: Seq): boolean {
    this.#left ??= new Map();
    const known = this.#left.get(conversationId);
    if (known === undefined ? this.#left.size >= MAX_LEFT : known >= seq) return false;
    this.#left.set(conversationId, seq);
    return true;
  }

  /** It is a member, for the first time or again. */
  enters(conversationId: ConversationId): void {
    this.#left?.delete(conversationId);
  }

  /** Whether the other member of the personal conversation has blocked this user, as it was just read. */
  noteBlock({ conversationId, blocked }: Pick<Membership, 'conversationId' | 'blocked'>): void {
    if (!blocked) {
      this.blockedIn?.delete(conversationId);
      return;
    }
    this.blockedIn ??= new Set();
    this.blockedIn.add(conversationId);
  }
}
