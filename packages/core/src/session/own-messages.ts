import type { ConversationId, Seq } from '../types.ts';

/** Messages of its own that a session remembers until they have passed by; of more it may get copies. */
const MAX_OWN = 1_000;

/** The messages that a session has sent itself and that its feeds have yet to come to: it was told of them, and needs no copy (G5). Bounded. */
export class OwnMessages {
  readonly #seqs = new Map<ConversationId, Set<Seq>>();
  #count = 0;

  add(conversationId: ConversationId, seq: Seq): void {
    if (this.#count >= MAX_OWN) return;
    const known = this.#seqs.get(conversationId);
    if (known === undefined) this.#seqs.set(conversationId, new Set([seq]));
    else known.add(seq);
    this.#count++;
  }

  has(conversationId: ConversationId, seq: Seq): boolean {
    return this.#seqs.get(conversationId)?.has(seq) === true;
  }

  /** Those that have not passed by; null when there are none. */
  without(passed: (conversationId: ConversationId) => Seq): OwnMessages | null {
    const others = new OwnMessages();
    for (const [conversationId, seqs] of this.#seqs) {
      const passedSeq = passed(conversationId);
      for (const seq of seqs) if (seq > passedSeq) others.add(conversationId, seq);
    }
    return others.#count === 0 ? null : others;
  }
}
