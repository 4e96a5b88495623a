import type {
  AppendOutcome,
  AppendResult,
  AppendRow,
  FirstMessage,
  LateHead,
  MessageStore,
  ReadRange,
} from '../ports/message-store.ts';
import { assertAppendable, assertAtMost, STORE_LIMITS } from '../store-limits.ts';
import type { ConversationId, ConversationKind, MessageId, Seq, StoredMessage, UserId } from '../types.ts';
import type { MemoryConversation, MemoryMessage, MemoryState } from './memory-state.ts';

export const clientKey = (row: Pick<AppendRow, 'senderId' | 'clientId'>): string => `${row.senderId} ${row.clientId}`;

/** Each call runs to its end without giving way, which is what makes `append` atomic and ordered. */
export class MemoryMessageStore implements MessageStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async append(batch: readonly AppendRow[]): Promise<AppendOutcome> {
    assertAppendable(batch);
    const stale = new Set<ConversationId>();
    for (const row of batch) {
      const conversation = this.#state.conversations.get(row.conversationId);
      if (conversation?.byClientId.has(clientKey(row))) continue;
      if (conversation?.membersVersion !== row.membersVersion) stale.add(row.conversationId);
    }
    if (stale.size > 0) return { kind: 'stale', conversationIds: stale };
    return { kind: 'committed', results: batch.map((row) => this.#store(row)) };
  }

  #store(row: AppendRow): AppendResult {
    const conversation = this.#state.conversations.get(row.conversationId) as MemoryConversation;
    const first = conversation.byClientId.get(clientKey(row));
    if (first !== undefined) {
      if (first.isEvent || first.body !== row.body) return { kind: 'conflict' };
      return { kind: 'duplicate', seq: first.seq, messageId: first.messageId, sentAtUs: first.sentAtUs };
    }
    const message: MemoryMessage = {
      conversationId: row.conversationId,
      kind: conversation.kind,
      seq: conversation.messages.length + 1,
      messageId: this.#state.messages.length + 1,
      senderId: row.senderId,
      recipientId: row.recipientId,
      clientId: row.clientId,
      body: row.body,
      sentAtUs: row.sentAtUs,
      isEvent: false,
      status: 'sent',
      deliveredAtUs: null,
      seenAtUs: null,
    };
    this.#state.append(conversation, clientKey(row), message);
    return { kind: 'stored', seq: message.seq, messageId: message.messageId, sentAtUs: message.sentAtUs };
  }

  async findByClientId(
    conversationId: ConversationId,
    senderId: UserId,
    clientId: string,
  ): Promise<FirstMessage | null> {
    const first = this.#state.conversations.get(conversationId)?.byClientId.get(clientKey({ senderId, clientId }));
    if (first === undefined) return null;
    const { seq, messageId, sentAtUs, body, isEvent } = first;
    return { seq, messageId, sentAtUs, body, isEvent };
  }

  async readRanges(ranges: readonly ReadRange[], excludeSender?: UserId): Promise<StoredMessage[][]> {
    assertAtMost('ranges', ranges.length, STORE_LIMITS.maxReadRanges);
    return ranges.map((range) => {
      const found: StoredMessage[] = [];
      for (const message of this.#range(range)) {
        if (found.length >= range.limit) break;
        if (message.senderId !== excludeSender) found.push(this.#state.stored(message));
      }
      return found;
    });
  }

  async firstOf(
    ranges: readonly Omit<ReadRange, 'limit'>[],
    excludeSender: UserId,
  ): Promise<({ seq: Seq; messageId: MessageId } | null)[]> {
    assertAtMost('ranges', ranges.length, STORE_LIMITS.maxFirstOfRanges);
    return ranges.map((range) => {
      for (const message of this.#range(range)) {
        if (message.senderId !== excludeSender) return { seq: message.seq, messageId: message.messageId };
      }
      return null;
    });
  }

  async heads(conversationIds: readonly ConversationId[]): Promise<Map<ConversationId, Seq>> {
    assertAtMost('conversations', conversationIds.length, STORE_LIMITS.maxHeads);
    const heads = new Map<ConversationId, Seq>();
    for (const id of conversationIds) {
      const conversation = this.#state.conversations.get(id);
      if (conversation !== undefined) heads.set(id, conversation.messages.length);
    }
    return heads;
  }

  async headsSince(messageId: MessageId, limit: number): Promise<{ heads: LateHead[]; truncated: boolean }> {
    const found = new Map<ConversationId, LateHead>();
    const { messages, conversations } = this.#state;
    for (let index = messageId; index < messages.length; index += 1) {
      const { conversationId, kind, isEvent } = messages[index] as MemoryMessage;
      const known = found.get(conversationId);
      if (known === undefined && found.size === limit) return { heads: [...found.values()], truncated: true };
      const seq = (conversations.get(conversationId) as MemoryConversation).messages.length;
      found.set(conversationId, { conversationId, kind, seq, changed: isEvent || known?.changed === true });
    }
    return { heads: [...found.values()], truncated: false };
  }

  async lastMessageId(): Promise<MessageId> {
    return this.#state.messages.length;
  }

  async locate(
    messageIds: readonly MessageId[],
  ): Promise<Map<MessageId, { conversationId: ConversationId; kind: ConversationKind; seq: Seq; senderId: UserId }>> {
    assertAtMost('messages', messageIds.length, STORE_LIMITS.maxLocate);
    const places = new Map<
      MessageId,
      { conversationId: ConversationId; kind: ConversationKind; seq: Seq; senderId: UserId }
    >();
    for (const id of messageIds) {
      const message = this.#state.messages[id - 1];
      if (message === undefined) continue;
      const { conversationId, kind, seq, senderId } = message;
      places.set(id, { conversationId, kind, seq, senderId });
    }
    return places;
  }

  #range(range: Omit<ReadRange, 'limit'>): MemoryMessage[] {
    const messages = this.#state.conversations.get(range.conversationId)?.messages ?? [];
    return messages.slice(Math.max(0, range.afterSeq), Math.max(0, range.uptoSeq));
  }
}
