import type { ConversationReader } from '../ports/conversation-reader.ts';
import type { ConversationStore } from '../ports/conversation-store.ts';
import type { GroupStore } from '../ports/group-store.ts';
import type { MessageStore } from '../ports/message-store.ts';
import type { ReceiptStore } from '../ports/receipt-store.ts';
import { MemoryConversationReader } from './conversation-reader-memory.ts';
import { MemoryConversationStore } from './conversation-store-memory.ts';
import { MemoryGroupStore } from './group-store-memory.ts';
import { MemoryState } from './memory-state.ts';
import { MemoryMessageStore } from './message-store-memory.ts';
import { MemoryReceiptStore } from './receipt-store-memory.ts';

export interface MemoryStores {
  readonly state: MemoryState;
  readonly messages: MessageStore;
  readonly conversations: ConversationStore;
  readonly receipts: ReceiptStore;
  readonly groups: GroupStore;
  readonly reader: ConversationReader;
}

/** The stores on one state; pass the state of another node's stores to share it. */
export function createMemoryStores(state: MemoryState = new MemoryState()): MemoryStores {
  return {
    state,
    messages: new MemoryMessageStore(state),
    conversations: new MemoryConversationStore(state),
    receipts: new MemoryReceiptStore(state),
    groups: new MemoryGroupStore(state),
    reader: new MemoryConversationReader(state),
  };
}
