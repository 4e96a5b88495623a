import type { ConversationStore } from '../ports/conversation-store.ts';
import type { MessageStore } from '../ports/message-store.ts';
import type { ReceiptStore } from '../ports/receipt-store.ts';
import { MemoryConversationStore } from './conversation-store-memory.ts';
import { MemoryState } from './memory-state.ts';
import { MemoryMessageStore } from './message-store-memory.ts';
import { MemoryReceiptStore } from './receipt-store-memory.ts';

export interface MemoryStores {
  readonly state: MemoryState;
  readonly messages: MessageStore;
  readonly conversations: ConversationStore;
  readonly receipts: ReceiptStore;
}

/** The three stores on one state; pass the state of another node's stores to share it. */
export function createMemoryStores(state: MemoryState = new MemoryState()): MemoryStores {
  return {
    state,
    messages: new MemoryMessageStore(state),
    conversations: new MemoryConversationStore(state),
    receipts: new MemoryReceiptStore(state),
  };
}
