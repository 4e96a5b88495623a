import type { ConversationId, ConversationKind, Seq, TimeUs, UserId } from '../types.ts';

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

/** The user has seen a group up to here. */
export interface GroupSeenReceipt {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  readonly seq: Seq;
  readonly atUs: TimeUs;
}

export interface ReceiptBatch {
  readonly delivered: readonly DeliveredReceipt[];
  readonly seen: readonly SeenReceipt[];
  readonly groupSeen: readonly GroupSeenReceipt[];
}

/**
 * Status steps (G6, L10). Every write only moves forward: a repeat or an older one changes nothing, whatever the order of calls, so
 * a call whose outcome is unknown is made again. Personal: moves the member's delivered cursor and the `status` and time of each message that
 * the user received (never of those it sent); `seen` also sets a delivered time that is missing. Group: moves the member's cursors; seen implies
 * delivered. Rejects with a `StoreError`.
 */
export interface ReceiptStore {
  apply(batch: ReceiptBatch): Promise<void>;
}
