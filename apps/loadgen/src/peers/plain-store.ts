export type PlainKind = 'personal' | 'group';

export interface PlainConversation {
  readonly id: number;
  readonly kind: PlainKind;
  readonly members: readonly number[];
}

/** What the plain server asks of its storage. */
export interface PlainStore {
  openPersonal(a: number, b: number): Promise<PlainConversation>;
  createGroup(members: readonly number[]): Promise<PlainConversation>;
  conversation(id: number): Promise<PlainConversation | null>;
  /** Stores one message, in a statement and a commit of its own; resolves to its id. */
  insert(conversationId: number, senderId: number, body: string, sentAtUs: number): Promise<number>;
  close(): Promise<void>;
}

/** Keeps conversations in the process and counts messages; for one plain server alone. */
export class MemoryPlainStore implements PlainStore {
  readonly #conversations = new Map<number, PlainConversation>();
  readonly #pairs = new Map<string, PlainConversation>();
  #messages = 0;

  openPersonal(a: number, b: number): Promise<PlainConversation> {
    const key = pairKey(a, b);
    let found = this.#pairs.get(key);
    if (found === undefined) {
      found = this.#add('personal', [a, b]);
      this.#pairs.set(key, found);
    }
    return Promise.resolve(found);
  }

  createGroup(members: readonly number[]): Promise<PlainConversation> {
    return Promise.resolve(this.#add('group', members));
  }

  conversation(id: number): Promise<PlainConversation | null> {
    return Promise.resolve(this.#conversations.get(id) ?? null);
  }

  insert(): Promise<number> {
    this.#messages++;
    return Promise.resolve(this.#messages);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #add(kind: PlainKind, members: readonly number[]): PlainConversation {
    const conversation = { id: this.#conversations.size + 1, kind, members: [...new Set(members)] };
    this.#conversations.set(conversation.id, conversation);
    return conversation;
  }
}

export const pairKey = (a: number, b: number): string => `${Math.min(a, b)}:${Math.max(a, b)}`;
