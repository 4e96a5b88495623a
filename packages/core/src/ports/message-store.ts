import type { ConversationId, ConversationKind, MessageId, Seq, StoredMessage, TimeUs, UserId } from '../types.ts';

/** A message to append. `clientId` is always there: the node makes one for a client that sent none (G3). */
export interface AppendRow {
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  readonly senderId: UserId;
  /** The other member of a personal conversation; null for a group. */
  readonly recipientId: UserId | null;
  /** 1 to 64 characters of ASCII; unique per (conversation, sender), for ever. */
  readonly clientId: string;
  readonly body: string;
  readonly sentAtUs: TimeUs;
  /** The members' version that the sender's membership was checked against. */
  readonly membersVersion: number;
}

export type AppendResult =
  /** Committed by this call. */
  | { readonly kind: 'stored'; readonly seq: Seq; readonly messageId: MessageId; readonly sentAtUs: TimeUs }
  /** The same client id with the same body was committed before; the first message's numbers. */
  | { readonly kind: 'duplicate'; readonly seq: Seq; readonly messageId: MessageId; readonly sentAtUs: TimeUs }
  /** The same client id was committed before with another body, or for an event; nothing stored for this row. */
  | { readonly kind: 'conflict' };

export type AppendOutcome =
  /** One result per row, in the rows' order. All rows of the call are in one commit. */
  | { readonly kind: 'committed'; readonly results: readonly AppendResult[] }
  /**
   * Nothing stored: these conversations have another members' version than some row says (or do not exist). A row that is stored already
   * is a `duplicate` or `conflict` whatever version it says: a repeat after an unknown outcome must find its message (G3).
   */
  | { readonly kind: 'stale'; readonly conversationIds: ReadonlySet<ConversationId> };

/**
 * How a call failed. `not_committed`: nothing of it is or ever will be stored. `unknown`: it may have been committed, or
 * still be; the only safe next step is the same call again (its client ids make that idempotent).
 * `retryable` says whether calling again can help (deadlock, lock timeout, lost connection) or never will (a bug, a full disk).
 */
export class StoreError extends Error {
  readonly outcome: 'not_committed' | 'unknown';
  readonly retryable: boolean;
  constructor(message: string, options: { outcome: 'not_committed' | 'unknown'; retryable: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'StoreError';
    this.outcome = options.outcome;
    this.retryable = options.retryable;
  }
}

/** Where a message is. */
export interface LocatedMessage {
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  readonly seq: Seq;
  readonly senderId: UserId;
}

/** A message or an event that was committed under a client id. */
export interface FirstMessage {
  readonly seq: Seq;
  readonly messageId: MessageId;
  readonly sentAtUs: TimeUs;
  readonly body: string;
  /** It is an event: no message can be a repeat of it. */
  readonly isEvent: boolean;
}

/** A conversation with late messages. */
export interface LateHead {
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  readonly seq: Seq;
  /** Events are among the late messages: its members may have changed. */
  readonly changed: boolean;
}

/** A range of one conversation: `afterSeq < seq <= uptoSeq`. */
export interface ReadRange {
  readonly conversationId: ConversationId;
  readonly afterSeq: Seq;
  readonly uptoSeq: Seq;
  /** At most this many rows, from the lowest seq. */
  readonly limit: number;
}

/**
 * Messages, committed and in order. All reads are on the primary and see every commit that was acknowledged before they began.
 * Every method rejects with a `StoreError` (reads: `not_committed`), within a bounded time.
 */
export interface MessageStore {
  /**
   * Commits all rows in one transaction: for each conversation seq goes on from its head without a gap, in the rows' order (G1, G2).
   * Atomic. Safe to call concurrently from any number of nodes.
   * Rows of `batch`: 1 to 512.
   */
  append(batch: readonly AppendRow[]): Promise<AppendOutcome>;

  /** What the sender has committed under the client id, or null: a send that was committed before its sender left must still be found (G3). */
  findByClientId(conversationId: ConversationId, senderId: UserId, clientId: string): Promise<FirstMessage | null>;

  /** Messages of the ranges (at most 64 ranges), each range in seq order; `excludeSender` leaves that user's own out. */
  readRanges(ranges: readonly ReadRange[], excludeSender?: UserId): Promise<StoredMessage[][]>;

  /** For each range the (seq, messageId) of its first message not sent by `excludeSender`, null when there is none. At most 256 ranges. */
  firstOf(
    ranges: readonly Omit<ReadRange, 'limit'>[],
    excludeSender: UserId,
  ): Promise<({ readonly seq: Seq; readonly messageId: MessageId } | null)[]>;

  /** Highest committed seq of each conversation (at most 1,000); conversations that do not exist are absent. */
  heads(conversationIds: readonly ConversationId[]): Promise<Map<ConversationId, Seq>>;

  /** Conversations with messages whose id is above `messageId`, with their highest seq; ids are not in commit order, so ask with a margin. */
  headsSince(
    messageId: MessageId,
    limit: number,
  ): Promise<{
    readonly heads: readonly LateHead[];
    /** True when there were more than `limit` conversations. */
    readonly truncated: boolean;
  }>;

  /** Highest message id committed so far, 0 when none: a mark for `headsSince`. */
  lastMessageId(): Promise<MessageId>;

  /** Where the messages are, for those of `messageIds` (at most 1,000) that exist. */
  locate(messageIds: readonly MessageId[]): Promise<Map<MessageId, LocatedMessage>>;
}
