import type {
  DeliveredReceipt,
  GroupSeenReceipt,
  ReceiptBatch,
  ReceiptStore,
  SeenReceipt,
} from '../ports/receipt-store.ts';
import type { ConversationId, Seq, UserId } from '../types.ts';
import type { MemoryConversation, MemoryMember, MemoryState } from './memory-state.ts';

export class MemoryReceiptStore implements ReceiptStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async apply(batch: ReceiptBatch): Promise<void> {
    for (const receipt of batch.delivered) this.#delivered(receipt);
    for (const receipt of batch.seen) this.#seen(receipt);
    for (const receipt of batch.groupSeen) this.#groupSeen(receipt);
  }

  #delivered(receipt: DeliveredReceipt): void {
    const place = this.#place(receipt.userId, receipt.conversationId);
    if (place === null) return;
    const { conversation, member } = place;
    const from = member.deliveredSeq;
    const upto = Math.min(receipt.seq, reach(conversation, member));
    moveDelivered(member, upto, receipt.atUs);
    if (conversation.kind === 'group') return;
    for (const message of conversation.messages.slice(from, Math.max(from, upto))) {
      if (message.senderId === receipt.userId || message.status !== 'sent') continue;
      message.status = 'delivered';
      message.deliveredAtUs = receipt.atUs;
    }
  }

  #seen(receipt: SeenReceipt): void {
    const place = this.#place(receipt.userId, receipt.conversationId);
    if (place === null || place.conversation.kind === 'group') return;
    for (const seq of receipt.seqs) {
      const message = place.conversation.messages[seq - 1];
      if (message === undefined || message.senderId === receipt.userId || message.status === 'seen') continue;
      message.status = 'seen';
      message.seenAtUs = receipt.atUs;
      message.deliveredAtUs ??= receipt.atUs;
    }
  }

  #groupSeen(receipt: GroupSeenReceipt): void {
    const place = this.#place(receipt.userId, receipt.conversationId);
    if (place === null || place.conversation.kind === 'personal') return;
    const { conversation, member } = place;
    const upto = Math.min(receipt.seq, reach(conversation, member));
    moveDelivered(member, upto, receipt.atUs);
    if (upto <= member.seenSeq) return;
    member.seenSeq = upto;
    member.seenAtUs = receipt.atUs;
  }

  #place(
    userId: UserId,
    conversationId: ConversationId,
  ): { readonly conversation: MemoryConversation; readonly member: MemoryMember } | null {
    const conversation = this.#state.conversations.get(conversationId);
    const member = conversation?.members.get(userId);
    return conversation === undefined || member === undefined ? null : { conversation, member };
  }
}

/** A cursor beyond what exists would hide later messages from it. */
const reach = (conversation: MemoryConversation, member: MemoryMember): Seq =>
  Math.min(conversation.messages.length, member.leftSeq ?? Number.MAX_SAFE_INTEGER);

function moveDelivered(member: MemoryMember, seq: Seq, atUs: number): void {
  if (seq <= member.deliveredSeq) return;
  member.deliveredSeq = seq;
  member.deliveredAtUs = atUs;
}
