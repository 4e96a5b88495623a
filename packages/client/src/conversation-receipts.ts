import type { Receipt } from './api/conversation.ts';
import type { ChatMessage, ConversationItem } from './api/message.ts';
import type { SentPlace } from './api/send-handle.ts';
import type { OutgoingSend } from './send-handle.ts';
import { type FrameOf, type Summary, timeMsOrNull } from './wire.ts';

/** Sends whose status is followed; the oldest are let go. */
const MAX_FOLLOWED = 1_000;
const MAX_UNREAD = 1_000;

type Cursors = Pick<FrameOf<'status'>, 'user_id' | 'delivered_seq' | 'seen_seq'>;

/** Who has what of one conversation: the other members' cursors, one's own, and the sends that they move. */
export class ConversationReceipts {
  #receipts: ReadonlyMap<number, Receipt> = new Map();
  /** Of members that were added later: what was before was not sent to them. */
  readonly added: Map<number, number> = new Map();
  /** Seen one by one by a client of the legacy protocol, above its cursor. */
  readonly #seenIds = new Set<number>();
  #followed: OutgoingSend[] = [];
  /** The server's count, as of `seq`. */
  #counted: { readonly unread: number; readonly seq: number; readonly seenSeq: number } | null = null;
  /** How far this user has seen it, on any device. */
  ownSeenSeq = 0;

  get receipts(): ReadonlyMap<number, Receipt> {
    return this.#receipts;
  }

  onSummary(summary: Summary): void {
    const { unread, seq, seen_seq: seenSeq } = summary;
    this.#counted = { unread, seq, seenSeq };
    this.ownSeenSeq = Math.max(this.ownSeenSeq, seenSeq);
  }

  /** A `status`, or what the list of members says. Returns what is new, or null. */
  onStatus(frame: Cursors & Partial<FrameOf<'status'>>): Receipt | null {
    const known = this.#receipts.get(frame.user_id);
    const receipt: Receipt = {
      userId: frame.user_id,
      deliveredSeq: Math.max(frame.delivered_seq, known?.deliveredSeq ?? 0),
      deliveredAtMs: timeMsOrNull(frame.delivered_at) ?? known?.deliveredAtMs ?? null,
      seenSeq: Math.max(frame.seen_seq, known?.seenSeq ?? 0),
      seenAtMs: timeMsOrNull(frame.seen_at) ?? known?.seenAtMs ?? null,
    };
    const moved = receipt.deliveredSeq !== known?.deliveredSeq || receipt.seenSeq !== known.seenSeq;
    if (!moved && !frame.message_id) return null;
    this.#receipts = new Map(this.#receipts).set(frame.user_id, receipt);
    for (const messageId of frame.message_id ?? []) this.#note(messageId);
    this.#followed = this.#followed.filter((handle) => !this.#moved(handle, [receipt]));
    return receipt;
  }

  /** Tells the handle when its message gets further. */
  follow(handle: OutgoingSend): void {
    if (this.#moved(handle)) return;
    this.#followed.push(handle);
    if (this.#followed.length > MAX_FOLLOWED) this.#followed.shift();
  }

  get follows(): boolean {
    return this.#followed.length > 0;
  }

  statusOf(
    { seq, messageId }: Pick<ChatMessage, 'seq' | 'messageId'>,
    receipts: readonly Receipt[] = [...this.#receipts.values()],
  ): 'sent' | 'delivered' | 'seen' {
    const sentTo = receipts.filter(({ userId }) => !(seq < (this.added.get(userId) as number)));
    if (this.#seenIds.has(messageId) || sentTo.some(({ seenSeq }) => seq <= seenSeq)) return 'seen';
    return sentTo.some(({ deliveredSeq }) => seq <= deliveredSeq) ? 'delivered' : 'sent';
  }

  /** Of others, above what this user has seen. */
  unread(items: readonly ConversationItem[], ownId: number | null): number {
    const counted = this.#counted;
    const seen = this.ownSeenSeq;
    const inItems = (above: number): number =>
      items.filter((item) => item.type === 'message' && item.seq > above && item.senderId !== ownId).length;
    // The server knows also of what lies below `items`, and which were seen one by one.
    const count = counted?.seenSeq === seen ? counted.unread + inItems(counted.seq) : inItems(seen);
    return Math.min(count, MAX_UNREAD);
  }

  /** The server's count does not reach up to where `items` begin. */
  needsCount(lowest: number): boolean {
    return lowest > this.ownSeenSeq + 1 && (this.#counted === null || lowest > this.#counted.seq + 1);
  }

  #note(messageId: number): void {
    this.#seenIds.add(messageId);
    const [oldest = 0] = this.#seenIds;
    if (this.#seenIds.size > MAX_FOLLOWED) this.#seenIds.delete(oldest);
  }

  /** True when it has come as far as it can. */
  #moved(handle: OutgoingSend, receipts?: readonly Receipt[]): boolean {
    // What is followed has its place.
    const status = this.statusOf(handle.place as SentPlace, receipts);
    handle.advance(status);
    return status === 'seen';
  }
}
