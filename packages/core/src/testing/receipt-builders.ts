import type { DeliveredReceipt, ReceiptBatch, SeenReceipt, SeenUptoReceipt } from '../ports/receipt-store.ts';
import type { Room } from './store-harness.ts';

/** Some time, with microseconds that a millisecond clock would lose. */
export const T = 1_598_356_410_923_631;

export const batch = (parts: Partial<ReceiptBatch>): ReceiptBatch => ({
  delivered: [],
  seen: [],
  seenUpto: [],
  ...parts,
});

export const delivered = (room: Room, user: number, seq: number, atUs = T): DeliveredReceipt => ({
  userId: room.user(user),
  conversationId: room.conversationId,
  kind: room.kind,
  seq,
  atUs,
});

export const seen = (room: Room, user: number, seqs: readonly number[], atUs = T): SeenReceipt => ({
  userId: room.user(user),
  conversationId: room.conversationId,
  seqs,
  atUs,
});

export const seenUpto = (room: Room, user: number, seq: number, atUs = T): SeenUptoReceipt => ({
  userId: room.user(user),
  conversationId: room.conversationId,
  kind: room.kind,
  seq,
  atUs,
});
