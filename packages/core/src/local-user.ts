import type { ConversationFeed } from './conversation-feed.ts';
import type { MessagePublication } from './publication.ts';
import type { ConversationId, User, UserId } from './types.ts';

/** What a user's connections look like from the delivery path. Implemented by `SessionDelivery`. */
export interface Recipient {
  readonly sessionId: number;
  /** One message of a feed, in that feed's order. Never throws. */
  deliver(feed: ConversationFeed, publication: MessagePublication): void;
  /** Read these ranges from the store before anything that comes after them. */
  catchUp(ranges: readonly CatchUpRange[]): void;
  /** True until the session has read its memberships. */
  readonly loading: boolean;
}

/** Messages that one session still needs: `afterSeq < seq <= uptoSeq`. */
export interface CatchUpRange {
  readonly feed: ConversationFeed;
  readonly afterSeq: number;
  readonly uptoSeq: number;
  /** False: what the user sent itself is not pending for it (L1). True: the range replaces live delivery (L14). */
  readonly includeOwn: boolean;
}

/** A user with at least one connection to this node. `feeds` doubles as the cache of its memberships. */
export class LocalUser {
  readonly id: UserId;
  name: string;
  recipients: Recipient[] = [];
  readonly feeds = new Map<ConversationId, ConversationFeed>();
  /** Conversations that a publication brought while all sessions of the user were loading: pinned until their memberships are read. */
  awaited: Set<ConversationFeed> | null = null;

  constructor(user: User) {
    this.id = user.id;
    this.name = user.name;
  }
}
