import type { ReceiptBatch, ReceiptStore, StatusChange } from '../ports/receipt-store.ts';
import { type MemberReceipts, receiptsByMember } from '../receipt-plan.ts';
import { decideReceipts, type MemberStanding, type ReceiptStep, statusChange } from '../receipt-step.ts';
import type { MessageId, Seq, UserId } from '../types.ts';
import type { MemoryConversation, MemoryMember, MemoryState } from './memory-state.ts';

/** Each message has its own status here, which is what the marks and cursors of other stores come to. */
export class MemoryReceiptStore implements ReceiptStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async apply(batch: ReceiptBatch): Promise<readonly StatusChange[]> {
    const changes: StatusChange[] = [];
    for (const receipts of receiptsByMember(batch)) {
      const change = this.#member(receipts, batch.again === true);
      if (change !== null) changes.push(change);
    }
    return changes;
  }

  #member(receipts: MemberReceipts, again: boolean): StatusChange | null {
    const conversation = this.#state.conversations.get(receipts.conversationId);
    const member = conversation?.members.get(receipts.userId);
    if (conversation === undefined || member === undefined) return null;
    const before = standing(conversation, member);
    const step = decideReceipts(before, receipts);
    const seen: { seq: Seq; messageId: MessageId }[] = [];
    for (const { seq, atUs, impliesDelivered } of step.exact) {
      const message = conversation.messages[seq - 1];
      if (message === undefined || message.senderId === receipts.userId) continue;
      if (message.status === 'seen' && !again) continue;
      if (impliesDelivered) message.deliveredAtUs ??= atUs;
      message.status = 'seen';
      message.seenAtUs ??= atUs;
      seen.push({ seq, messageId: message.messageId });
    }
    passOver(conversation, before, step, receipts.userId);
    Object.assign(member, step.after);
    return statusChange(receipts, before, step, seen, again);
  }
}

function standing(conversation: MemoryConversation, member: MemoryMember): MemberStanding {
  const { deliveredSeq, deliveredAtUs, seenSeq, seenAtUs } = member;
  const reach = Math.min(conversation.messages.length, member.leftSeq ?? Number.MAX_SAFE_INTEGER);
  let peerId: UserId | null = null;
  if (conversation.kind === 'personal') {
    for (const userId of conversation.members.keys()) if (userId !== member.userId) peerId = userId;
  }
  return { kind: conversation.kind, peerId, reach, deliveredSeq, deliveredAtUs, seenSeq, seenAtUs };
}

/** Gives each message that a cursor passes the time of the first mark at or above it. */
function passOver(conversation: MemoryConversation, before: MemberStanding, step: ReceiptStep, userId: UserId): void {
  if (conversation.kind === 'group') return;
  for (const { step: kind, uptoSeq, atUs } of [...step.marks].sort((a, b) => a.atUs - b.atUs)) {
    const from = kind === 'seen' ? before.seenSeq : before.deliveredSeq;
    for (const message of conversation.messages.slice(from, Math.max(from, uptoSeq))) {
      if (message.senderId === userId) continue;
      message.deliveredAtUs ??= atUs;
      if (kind === 'seen') message.seenAtUs ??= atUs;
      if (kind === 'seen') message.status = 'seen';
      else if (message.status === 'sent') message.status = 'delivered';
    }
  }
}
