import type { ConversationKind } from '@parley/core';

export interface KnownConversation {
  readonly id: number;
  readonly kind: ConversationKind;
  readonly title: string;
}

/** Conversations remembered for `/list` and `/use`; the oldest are forgotten. */
const MAX_CONVERSATIONS = 1_000;
/** After a reconnect the node may show again what it could not prove to be delivered; each message is shown once. */
const MAX_MESSAGE_IDS = 20_000;

/** What the client knows: the conversations it met, the one that lines go to, the messages it has shown. */
export class ConversationBook {
  readonly #conversations = new Map<number, KnownConversation>();
  readonly #shown = new Set<number>();
  readonly #notSeenYet = new Set<number>();
  current: KnownConversation | null = null;

  get(id: number): KnownConversation | undefined {
    return this.#conversations.get(id);
  }

  all(): Iterable<KnownConversation> {
    return this.#conversations.values();
  }

  learn(conversation: KnownConversation): KnownConversation {
    this.#conversations.set(conversation.id, conversation);
    for (const [id, oldest] of this.#conversations) {
      if (this.#conversations.size <= MAX_CONVERSATIONS) break;
      if (oldest !== this.current) this.#conversations.delete(id);
    }
    return conversation;
  }

  /** @returns whether this message was not shown before */
  firstShow(messageId: number): boolean {
    if (this.#shown.has(messageId)) return false;
    remember(this.#shown, messageId);
    return true;
  }

  keepUnseen(messageId: number): void {
    remember(this.#notSeenYet, messageId);
  }

  takeUnseen(): number[] {
    const ids = [...this.#notSeenYet];
    this.#notSeenYet.clear();
    return ids;
  }
}

function remember(set: Set<number>, value: number): void {
  set.add(value);
  if (set.size <= MAX_MESSAGE_IDS) return;
  const [oldest] = set;
  if (oldest !== undefined) set.delete(oldest);
}
