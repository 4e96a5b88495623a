import type { ReceiptBatch } from '../ports/receipt-store.ts';
import type { ConversationId, Seq, TimeUs, UserId } from '../types.ts';

export interface CursorTarget {
  readonly seq: Seq;
  readonly atUs: TimeUs;
}

/** All that a batch says of one member of one conversation. */
export interface MemberReceipts {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  readonly delivered: CursorTarget | null;
  readonly seenUpto: CursorTarget | null;
  /** Exactly these messages, each with the first time that it was named with. */
  readonly seen: ReadonlyMap<Seq, TimeUs>;
}

interface Collected extends MemberReceipts {
  delivered: CursorTarget | null;
  seenUpto: CursorTarget | null;
  readonly seen: Map<Seq, TimeUs>;
}

const furthest = (known: CursorTarget | null, { seq, atUs }: CursorTarget): CursorTarget =>
  known !== null && known.seq >= seq ? known : { seq, atUs };

/** One entry per member and conversation, sorted by user, then conversation: an order in which rows can be locked. */
export function receiptsByMember(batch: ReceiptBatch): MemberReceipts[] {
  const members = new Map<string, Collected>();
  const memberOf = (userId: UserId, conversationId: ConversationId): Collected => {
    const key = `${userId} ${conversationId}`;
    let member = members.get(key);
    if (member === undefined) {
      member = { userId, conversationId, delivered: null, seenUpto: null, seen: new Map() };
      members.set(key, member);
    }
    return member;
  };
  for (const receipt of batch.delivered) {
    const member = memberOf(receipt.userId, receipt.conversationId);
    member.delivered = furthest(member.delivered, receipt);
  }
  for (const receipt of batch.seenUpto) {
    const member = memberOf(receipt.userId, receipt.conversationId);
    member.seenUpto = furthest(member.seenUpto, receipt);
  }
  for (const { userId, conversationId, seqs, atUs } of batch.seen) {
    const { seen } = memberOf(userId, conversationId);
    for (const seq of seqs) seen.set(seq, Math.min(atUs, seen.get(seq) ?? atUs));
  }
  return [...members.values()].sort((a, b) => a.userId - b.userId || a.conversationId - b.conversationId);
}
