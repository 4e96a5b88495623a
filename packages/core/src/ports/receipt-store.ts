import type { ConversationId, ConversationKind, MessageId, Seq, TimeUs, UserId } from '../types.ts';

/** All messages of others up to `seq` have reached a connection of the user. */
export interface DeliveredReceipt {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  readonly seq: Seq;
  readonly atUs: TimeUs;
}

/** The user has seen exactly these messages of a personal conversation (L7, L10). */
export interface SeenReceipt {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  readonly seqs: readonly Seq[];
  readonly atUs: TimeUs;
}

/** The user has seen everything of a conversation up to `seq`. */
export interface SeenUptoReceipt {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  readonly seq: Seq;
  readonly atUs: TimeUs;
}

export interface ReceiptBatch {
  readonly delivered: readonly DeliveredReceipt[];
  readonly seen: readonly SeenReceipt[];
  readonly seenUpto: readonly SeenUptoReceipt[];
  /** Some of it was in a call whose outcome is unknown: who is named in it is reported also when nothing moves any more. Default: false. */
  readonly again?: boolean;
}

/** Where a member stands after a call that moved something, to be told to the senders. True when told, so telling it twice does no harm. */
export interface StatusChange {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  /** The other member of a personal conversation; null for a group. */
  readonly peerId: UserId | null;
  readonly deliveredSeq: Seq;
  /** When the cursor came there; null at 0. */
  readonly deliveredAtUs: TimeUs | null;
  readonly seenSeq: Seq;
  readonly seenAtUs: TimeUs | null;
  /**
   * Where the cursors stood before the call, or lower: 0 when the call is made `again`, since the first one may have moved them. A move of unknown outcome
   * may be told after a later one; in the end those of one member leave no gap.
   */
  readonly previousDeliveredSeq: Seq;
  readonly previousSeenSeq: Seq;
  /** Messages above `seenSeq` that are now seen, one by one. */
  readonly seenMessageIds: readonly MessageId[];
}

/**
 * Status steps (G6, L10). Every write only moves forward: a repeat or an older one changes nothing, whatever the order of calls, so
 * a call whose outcome is unknown is made again (and says so).
 *
 * `delivered` and `seenUpto` move the member's cursors, within what exists; seen implies delivered. What a cursor passes has the time of that move, and keeps
 * it; the recipient's cursors are what moves the statuses of the messages of a personal conversation, never the sender's. `seen` marks exactly the messages named that the user
 * has received, and moves no cursor; a group has none of it. A member's times do not go back either: a receipt that is said to be older
 * than the member's last one counts as of the same time (the clocks of two nodes differ).
 *
 * Resolves, once all of it is committed, with what has moved: one change per member and conversation, each as of the commit; for one member they never go back from
 * one call to the next. Rejects with a `StoreError`; after `not_committed` nothing of the batch has been written.
 */
export interface ReceiptStore {
  apply(batch: ReceiptBatch): Promise<readonly StatusChange[]>;
}
