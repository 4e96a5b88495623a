import type {
  ConversationId,
  ConversationKind,
  MessageId,
  Role,
  Seq,
  StoredMessage,
  TimeUs,
  UserId,
} from '../types.ts';

/** A conversation as one of its members, present or past, may know it. */
export interface ConversationSummary {
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  /** Empty for a personal conversation. Name, description and members of one that the user has left: as they were then. */
  readonly name: string;
  readonly description: string;
  /** The other member of a personal conversation; null for a group. `blocked`: this user has blocked it. */
  readonly peer: { readonly userId: UserId; readonly name: string; readonly blocked: boolean } | null;
  /** How many present members there are. */
  readonly members: number;
  readonly role: Role;
  /** The highest seq that the user can see: of one who has left, no higher than where that was. */
  readonly head: Seq;
  /** The lowest seq that the user can see; above `head` when there is none. */
  readonly firstSeq: Seq;
  /**
   * Messages of others (events do not count) above what the user has seen and since it became a member, at most 1,000, which means "or more". Looks at no
   * more than the newest 2,000 messages.
   */
  readonly unread: number;
  readonly deliveredSeq: Seq;
  readonly seenSeq: Seq;
  /** Who is added later sees what was before. */
  readonly history: boolean;
  /** The message or event at `head`, or null. */
  readonly last: StoredMessage | null;
  /** The user is no longer a member. */
  readonly left: boolean;
}

export interface MemberInfo {
  readonly userId: UserId;
  readonly name: string;
  readonly role: Role;
  readonly deliveredSeq: Seq;
  readonly seenSeq: Seq;
}

/** How far a conversation has reached one of its members. */
export interface MemberCursor {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
  readonly deliveredSeq: Seq;
  readonly deliveredAtUs: TimeUs | null;
  readonly seenSeq: Seq;
  readonly seenAtUs: TimeUs | null;
  /** In a personal conversation: messages above `seenSeq` that were seen as well (L10), at most the newest 1,000, by seq. */
  readonly seenExactly: readonly MessageId[];
}

export interface RecipientStatus {
  readonly userId: UserId;
  readonly status: 'sent' | 'delivered' | 'seen';
  /** Exact in a personal conversation; in a group the time of the member's cursor, so at the latest then. Null when it is not known. */
  readonly deliveredAtUs: TimeUs | null;
  readonly seenAtUs: TimeUs | null;
}

export interface MessageStatusReport {
  readonly conversationId: ConversationId;
  readonly seq: Seq;
  readonly senderId: UserId;
  /** By user id: all who were members when it was committed, but the sender. */
  readonly users: readonly RecipientStatus[];
}

export type SummarySelection =
  /** By conversation id, from above `afterId`. */
  | { readonly afterId: ConversationId; readonly limit: number }
  /** Only these; those the user never was a member of are left out. */
  | { readonly ids: readonly ConversationId[] };

export interface PageRequest {
  /** The newest below it. Not together with `after`; neither: the newest. */
  readonly before?: Seq;
  /** The oldest above it. */
  readonly after?: Seq;
  /** What the asking user can see: `minSeq <= seq <= maxSeq`. */
  readonly minSeq: Seq;
  readonly maxSeq: Seq;
  readonly limit: number;
}

/**
 * Reads for clients, on the primary; they see every commit that was acknowledged before they began. Every list is bounded (`STORE_LIMITS`), every read
 * goes through an index, and none reads more of a conversation than the page it gives. Rejects with a `StoreError`, within a bounded time. Checks nobody's
 * right to read: that is the caller's business, but for what is said here.
 */
export interface ConversationReader {
  /** The user's conversations by id, those it has left too. At most 100. */
  summaries(userId: UserId, selection: SummarySelection): Promise<ConversationSummary[]>;
  /** Messages and events in seq order. At most 200. */
  page(conversationId: ConversationId, request: PageRequest): Promise<StoredMessage[]>;
  /** The present members by user id, from above `afterUserId`. At most 1,000. */
  members(conversationId: ConversationId, afterUserId: UserId, limit: number): Promise<MemberInfo[]>;
  /** The present members' cursors by conversation and user, the first `maxRows` (at most 10,000). At most 256 conversations. */
  cursors(conversationIds: readonly ConversationId[], maxRows: number): Promise<MemberCursor[]>;
  /** Who has the message or event; null when there is none. */
  messageStatus(messageId: MessageId): Promise<MessageStatusReport | null>;
  /** Those of `others` (at most 100) that share a conversation with the user, both as present members, and have not blocked it. */
  acquainted(userId: UserId, others: readonly UserId[]): Promise<Set<UserId>>;
  /** When each user was last seen, null when never; users that do not exist are absent. At most 1,000. */
  lastSeen(userIds: readonly UserId[]): Promise<Map<UserId, TimeUs | null>>;
}
