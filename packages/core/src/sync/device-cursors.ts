import type { ConversationId, Seq } from '../types.ts';

/** What a device has, as its `hello` says and the protocol has checked. Not copied: it may be ten thousand conversations. */
export class DeviceCursors {
  /** How many conversations. */
  readonly size: number;
  readonly #own: Readonly<Record<ConversationId, Seq>>;

  constructor(own: Readonly<Record<string, Seq>>) {
    this.#own = own;
    this.size = Object.keys(own).length;
  }

  /** Undefined when it does not name the conversation. */
  get(conversationId: ConversationId): Seq | undefined {
    return this.#own[conversationId];
  }

  conversationIds(): ConversationId[] {
    return Object.keys(this.#own).map(Number);
  }
}
