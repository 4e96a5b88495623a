import type { LoadedConversation } from '../feed/membership-loader.ts';
import type { ConversationId, Seq } from '../types.ts';

/** What was read for a session, and how far each conversation is the business of that: all the way, or up to where the user has left. */
export class ListedConversations {
  /** How many its user is a member of. */
  readonly present: number;
  /** Those that its user has left, and where. */
  readonly left: ReadonlyMap<ConversationId, Seq>;
  readonly #loaded: readonly LoadedConversation[];
  /** Made when something is looked up: a session that nothing has happened to meanwhile looks up nothing. */
  #present: Set<ConversationId> | null = null;

  /** @param leftSince others that its user has left since they were read */
  constructor(loaded: readonly LoadedConversation[], leftSince: ReadonlyMap<ConversationId, Seq>) {
    const left = new Map<ConversationId, Seq>();
    for (const { row } of loaded) if (row.leftSeq !== null) left.set(row.conversationId, row.leftSeq);
    this.present = loaded.length - left.size;
    for (const [conversationId, seq] of leftSince) left.set(conversationId, seq);
    this.left = left;
    this.#loaded = loaded;
  }

  /** Infinity while the user is a member; -1 when it is not among them. */
  upto(conversationId: ConversationId): number {
    const leftSeq = this.left.get(conversationId);
    if (leftSeq !== undefined) return leftSeq;
    this.#present ??= new Set(this.#loaded.map(({ row }) => row.conversationId));
    return this.#present.has(conversationId) ? Number.POSITIVE_INFINITY : -1;
  }
}
