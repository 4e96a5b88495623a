import type { ReceiptBatch, StatusChange } from '../ports/receipt-store.ts';
import type { MessageId, Seq, TimeUs, UserId } from '../types.ts';
import type { CursorRow, Room, StatusRow } from './store-harness.ts';

interface ModelMessage {
  readonly seq: Seq;
  readonly messageId: MessageId;
  readonly senderId: UserId;
  deliveredAtUs: TimeUs | null;
  seenAtUs: TimeUs | null;
}

interface Target {
  readonly seq: Seq;
  readonly atUs: TimeUs;
}

/** What receipts come to, kept message by message: slow, and plainly so. One call after the other. */
export class ReceiptModel {
  readonly #room: Room;
  readonly #messages: readonly ModelMessage[];
  readonly #cursors = new Map<UserId, CursorRow>();

  constructor(room: Room, messages: readonly { readonly messageId: MessageId; readonly senderId: UserId }[]) {
    this.#room = room;
    this.#messages = messages.map((message, index) => ({
      ...message,
      ...{ seq: index + 1, deliveredAtUs: null, seenAtUs: null },
    }));
  }

  statuses(): StatusRow[] {
    return this.#messages.map(({ seq, deliveredAtUs, seenAtUs }) => {
      const status = seenAtUs !== null ? 'seen' : deliveredAtUs !== null ? 'delivered' : 'sent';
      return { seq, status, deliveredAtUs, seenAtUs };
    });
  }

  cursors(userId: UserId): CursorRow {
    return (
      this.#cursors.get(userId) ?? { ...{ deliveredSeq: 0, deliveredAtUs: null }, ...{ seenSeq: 0, seenAtUs: null } }
    );
  }

  /** @returns what the store must say */
  apply(batch: ReceiptBatch): StatusChange[] {
    return this.#room.members.map((userId) => this.#member(userId, batch)).filter((change) => change !== null);
  }

  #member(userId: UserId, batch: ReceiptBatch): StatusChange | null {
    const { conversationId, kind } = this.#room;
    const mine = (receipt: { readonly userId: UserId; readonly conversationId: number }): boolean =>
      receipt.userId === userId && receipt.conversationId === conversationId;
    const before = this.cursors(userId);
    const baseUs = Math.max(before.deliveredAtUs ?? 0, before.seenAtUs ?? 0);
    const furthest = (targets: readonly Target[], from: Seq): Target | null => {
      const [first] = [...targets].sort((a, b) => b.seq - a.seq);
      if (first === undefined) return null;
      const seq = Math.min(first.seq, this.#messages.length);
      return seq > from ? { seq, atUs: Math.max(first.atUs, baseUs) } : null;
    };
    const delivered = furthest(batch.delivered.filter(mine), before.deliveredSeq);
    const upto = furthest(batch.seenUpto.filter(mine), before.seenSeq);
    const reached = [delivered, upto]
      .filter((target) => target !== null && target.seq > before.deliveredSeq)
      .sort((a, b) => (b as Target).seq - (a as Target).seq || (a as Target).atUs - (b as Target).atUs)[0];
    const seenMessageIds: MessageId[] = [];
    const seenSeq = upto?.seq ?? before.seenSeq;
    if (kind === 'personal') {
      for (const message of this.#messages) {
        if (message.senderId === userId) continue;
        const named = batch.seen.filter((receipt) => mine(receipt) && receipt.seqs.includes(message.seq));
        const seenAts = named.map(({ atUs }) => Math.max(atUs, baseUs));
        if (named.length > 0 && message.seenAtUs === null && message.seq > seenSeq) {
          seenMessageIds.push(message.messageId);
        }
        if (upto !== null && message.seq <= upto.seq) seenAts.push(upto.atUs);
        const deliveredAts = [...seenAts];
        if (reached && message.seq <= reached.seq) deliveredAts.push(reached.atUs);
        if (seenAts.length > 0) message.seenAtUs ??= Math.min(...seenAts);
        if (deliveredAts.length > 0) message.deliveredAtUs ??= Math.min(...deliveredAts);
      }
    }
    const after: CursorRow = {
      deliveredSeq: reached?.seq ?? before.deliveredSeq,
      deliveredAtUs: reached?.atUs ?? before.deliveredAtUs,
      seenSeq,
      seenAtUs: upto?.atUs ?? before.seenAtUs,
    };
    this.#cursors.set(userId, after);
    if (!reached && upto === null && seenMessageIds.length === 0) return null;
    const peerId = kind === 'group' ? null : (this.#room.members.find((other) => other !== userId) ?? null);
    return {
      ...{ userId, conversationId, kind, peerId, ...after, seenMessageIds },
      ...{ previousDeliveredSeq: before.deliveredSeq, previousSeenSeq: before.seenSeq },
    };
  }
}
