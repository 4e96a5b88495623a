import { conversationReaderContract } from '../testing/conversation-reader-contract.ts';
import { conversationStoreContract } from '../testing/conversation-store-contract.ts';
import { groupStoreContract } from '../testing/group-store-contract.ts';
import { initContract } from '../testing/init-contract.ts';
import { messageStoreContract } from '../testing/message-store-contract.ts';
import { receiptStoreContract } from '../testing/receipt-store-contract.ts';
import type { StoreHarness } from '../testing/store-harness.ts';
import type { MemoryMember } from './memory-state.ts';
import { createMemoryStores } from './memory-stores.ts';

async function open(): Promise<StoreHarness> {
  const { state, ...stores } = createMemoryStores();
  return {
    ...stores,
    another: async () => createMemoryStores(state),
    statuses: async (id) => {
      const messages = state.conversations.get(id)?.messages ?? [];
      return messages.map(({ seq, status, deliveredAtUs, seenAtUs }) => ({ seq, status, deliveredAtUs, seenAtUs }));
    },
    cursors: async (userId, id) => {
      const member = state.conversations.get(id)?.members.get(userId) as MemoryMember;
      const { deliveredSeq, deliveredAtUs, seenSeq, seenAtUs } = member;
      return { deliveredSeq, deliveredAtUs, seenSeq, seenAtUs };
    },
    removeMember: async (id, userId) => {
      const conversation = state.conversations.get(id);
      const member = conversation?.members.get(userId);
      if (conversation === undefined || member === undefined) throw new Error('no such member');
      member.leftSeq = conversation.messages.length;
      conversation.membersVersion += 1;
    },
    close: async () => {},
  };
}

messageStoreContract('memory', open);
conversationStoreContract('memory', open);
receiptStoreContract('memory', open);
groupStoreContract('memory', open);
initContract('memory', open);
conversationReaderContract('memory', open);
