import type { ReceiptBatch, ReceiptStore, StatusChange } from '../ports/receipt-store.ts';
import { type MemberReceipts, receiptsByMember } from '../receipts/receipt-plan.ts';
import { decideReceipts, type MemberStanding, type ReceiptStep, statusChange } from '../receipts/receipt-step.ts';
import type { MessageId, Seq, UserId } from '../types.ts';
import type { MemoryConversation, MemoryMember, MemoryState } from './memory-state.ts';

/** Each message has its own status here, which is what the cursors and marks of other stores come to. */
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
  const { joinedSeq, deliveredSeq, deliveredAtUs, seenSeq, seenAtUs } = member;
  const reach = Math.min(conversation.messages.length, member.leftSeq ?? Number.MAX_SAFE_INTEGER);
  let peerId: UserId | null = null;
  if (conversation.kind === 'personal') {
    for (const userId of conversation.members.keys()) if (userId !== member.userId) peerId = userId;
  }
  return { kind: conversation.kind, peerId, joinedSeq, reach, deliveredSeq, deliveredAtUs, seenSeq, seenAtUs };
}

/** Gives each message that a cursor passes the time of that; what is seen was delivered by then. */
function passOver(
  { kind, messages }: MemoryConversation,
  before: MemberStanding,
  step: ReceiptStep,
  userId: UserId,
): void {
  const { deliveredSeq, deliveredAtUs, seenSeq, seenAtUs } = step.after;
  if (kind === 'group') return;
  for (const message of messages.slice(before.seenSeq, seenSeq)) {
    if (message.senderId === userId) continue;
    message.status = 'seen';
    message.seenAtUs ??= seenAtUs;
    message.deliveredAtUs ??= Math.min(seenAtUs ?? 0, deliveredAtUs ?? 0);
  }
  for (const message of messages.slice(before.deliveredSeq, deliveredSeq)) {
    if (message.senderId === userId) continue;
    message.deliveredAtUs ??= deliveredAtUs;
    if (message.status === 'sent') message.status = 'delivered';
  }
}
