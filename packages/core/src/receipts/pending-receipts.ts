import type { DeliveredReceipt, ReceiptBatch, SeenUptoReceipt } from '../ports/receipt-store.ts';
import type { ConversationId, ConversationKind, Seq, TimeUs, UserId } from '../types.ts';

/** One step of one status: a cursor, or one message of a personal conversation (`seen`). */
export interface Receipt {
  readonly type: 'delivered' | 'seen' | 'seenUpto';
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  readonly seq: Seq;
  readonly atUs: TimeUs;
  /** It was in a call whose outcome is unknown. */
  readonly again?: boolean;
}

interface SeenOfConversation {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  readonly atUs: Map<Seq, TimeUs>;
  again: boolean;
}

/**
 * Receipts that wait to be written, coalesced: cursors keep the furthest position, `seen` each message once with the time it was first said, and
 * `seenUpto` swallows `delivered` up to the same place. Adding in any order, also again after a failed write, ends in the same content.
 */
export class PendingReceipts {
  readonly #delivered = new Map<string, Receipt>();
  readonly #seenUpto = new Map<string, Receipt>();
  readonly #seen = new Map<string, SeenOfConversation>();
  #seenRows = 0;
  /** A list of messages seen is thousands of rows of one conversation: its key is made once. */
  #lastKey = { userId: 0, conversationId: 0, key: '' };

  /** Rows: cursors, and messages seen. */
  get size(): number {
    return this.#delivered.size + this.#seenUpto.size + this.#seenRows;
  }

  /** Whether `add` would add a row, not only move or repeat one. */
  grows(receipt: Receipt): boolean {
    const key = this.#keyOf(receipt);
    switch (receipt.type) {
      case 'delivered':
        return !this.#delivered.has(key) && (this.#seenUpto.get(key)?.seq ?? 0) < receipt.seq;
      case 'seenUpto':
        return !this.#seenUpto.has(key) && (this.#delivered.get(key)?.seq ?? Number.POSITIVE_INFINITY) > receipt.seq;
      case 'seen':
        return this.#seen.get(key)?.atUs.has(receipt.seq) !== true;
    }
  }

  add(receipt: Receipt): void {
    const key = this.#keyOf(receipt);
    switch (receipt.type) {
      case 'delivered':
        if ((this.#seenUpto.get(key)?.seq ?? 0) < receipt.seq) keepFurthest(this.#delivered, key, receipt);
        else if (receipt.again === true) keepFurthest(this.#seenUpto, key, receipt);
        return;
      case 'seenUpto':
        this.#addSeenUpto(key, receipt);
        return;
      case 'seen':
        this.#addSeen(key, receipt);
        return;
    }
  }

  /** Removes and returns the oldest rows, at most `maxRows`: first what must not be lost, and the two cursors of a member together, as one move. */
  take(maxRows: number): Receipt[] {
    const taken: Receipt[] = [];
    for (const [key, { userId, conversationId, atUs, again }] of this.#seen) {
      for (const [seq, at] of atUs) {
        if (taken.length === maxRows) return taken;
        taken.push({ type: 'seen', userId, conversationId, kind: 'personal', seq, atUs: at, again });
        atUs.delete(seq);
        this.#seenRows -= 1;
      }
      this.#seen.delete(key);
    }
    const takeFrom = (cursors: Map<string, Receipt>, key: string): void => {
      const receipt = cursors.get(key);
      if (receipt === undefined || taken.length === maxRows) return;
      taken.push(receipt);
      cursors.delete(key);
    };
    for (const key of this.#seenUpto.keys()) {
      if (taken.length === maxRows) return taken;
      takeFrom(this.#seenUpto, key);
      takeFrom(this.#delivered, key);
    }
    for (const key of this.#delivered.keys()) {
      if (taken.length === maxRows) return taken;
      takeFrom(this.#delivered, key);
    }
    return taken;
  }

  /** Forgets the oldest `delivered`; false when there is none. */
  dropDelivered(): boolean {
    for (const key of this.#delivered.keys()) return this.#delivered.delete(key);
    return false;
  }

  clear(): void {
    this.#delivered.clear();
    this.#seenUpto.clear();
    this.#seen.clear();
    this.#seenRows = 0;
  }

  #keyOf({ userId, conversationId }: Receipt): string {
    const last = this.#lastKey;
    if (last.userId !== userId || last.conversationId !== conversationId) {
      last.key = `${userId}:${conversationId}`;
      last.userId = userId;
      last.conversationId = conversationId;
    }
    return last.key;
  }

  #addSeenUpto(key: string, receipt: Receipt): void {
    keepFurthest(this.#seenUpto, key, receipt);
    const delivered = this.#delivered.get(key);
    if (delivered === undefined || delivered.seq > receipt.seq) return;
    this.#delivered.delete(key);
    if (delivered.again === true) keepFurthest(this.#seenUpto, key, delivered);
  }

  #addSeen(key: string, { userId, conversationId, seq, atUs, again = false }: Receipt): void {
    let seen = this.#seen.get(key);
    if (seen === undefined) {
      seen = { userId, conversationId, atUs: new Map(), again };
      this.#seen.set(key, seen);
    }
    seen.again ||= again;
    const known = seen.atUs.get(seq);
    if (known === undefined) this.#seenRows += 1;
    seen.atUs.set(seq, known === undefined ? atUs : Math.min(known, atUs));
  }
}

/** The rows as the store takes them; messages seen within `windowUs` of each other share one receipt, and its (last) time. */
export function receiptBatch(rows: readonly Receipt[], windowUs: number): ReceiptBatch {
  const delivered: DeliveredReceipt[] = [];
  const seenUpto: SeenUptoReceipt[] = [];
  const seen: { userId: UserId; conversationId: ConversationId; seqs: Seq[]; atUs: TimeUs }[] = [];
  let openedUs = 0;
  let mayRepeat = false;
  for (const { type, userId, conversationId, kind, seq, atUs, again } of rows) {
    mayRepeat ||= again === true;
    if (type === 'delivered') {
      delivered.push({ userId, conversationId, kind, seq, atUs });
    } else if (type === 'seenUpto') {
      seenUpto.push({ userId, conversationId, kind, seq, atUs });
    } else {
      const open = seen.at(-1);
      const fits = open?.userId === userId && open.conversationId === conversationId;
      if (fits && Math.abs(atUs - openedUs) <= windowUs) {
        open.seqs.push(seq);
        open.atUs = Math.max(open.atUs, atUs);
      } else {
        seen.push({ userId, conversationId, seqs: [seq], atUs });
        openedUs = atUs;
      }
    }
  }
  return { delivered, seen, seenUpto, ...(mayRepeat ? { again: true } : {}) };
}

/** One that was in a call of unknown outcome leaves that to whatever takes its place. */
function keepFurthest(cursors: Map<string, Receipt>, key: string, receipt: Receipt): void {
  const known = cursors.get(key);
  const kept = known === undefined || known.seq < receipt.seq ? receipt : known;
  const again = known?.again === true || receipt.again === true;
  if (kept !== known || again) cursors.set(key, again && kept.again !== true ? { ...kept, again } : kept);
}
