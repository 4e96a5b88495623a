import type { StatusChange } from './ports/receipt-store.ts';
import type { CursorTarget, MemberReceipts } from './receipt-plan.ts';
import type { ConversationKind, MessageId, Seq, TimeUs, UserId } from './types.ts';

export interface ReceiptCursors {
  readonly deliveredSeq: Seq;
  readonly deliveredAtUs: TimeUs | null;
  readonly seenSeq: Seq;
  readonly seenAtUs: TimeUs | null;
}

/** A member as stored, before a call. */
export interface MemberStanding extends ReceiptCursors {
  readonly kind: ConversationKind;
  readonly peerId: UserId | null;
  /** Where a cursor can go: the head, or the place where the member left. One beyond would hide later messages. */
  readonly reach: Seq;
}

/** When a cursor of a personal conversation came to `uptoSeq`: the messages between the mark before and this one have its time. */
export interface ReceiptMark {
  readonly step: 'delivered' | 'seen';
  readonly uptoSeq: Seq;
  readonly atUs: TimeUs;
}

/** One message to be marked as seen by itself, if the user has received it and it is not yet. */
export interface ExactSeen {
  readonly seq: Seq;
  readonly atUs: TimeUs;
  /** Nothing but this says that it was delivered: so it was, at the same time. */
  readonly impliesDelivered: boolean;
}

export interface ReceiptStep {
  readonly after: ReceiptCursors;
  readonly moved: boolean;
  /** At most one of each step; none in a group, whose messages have no times of their own. */
  readonly marks: readonly ReceiptMark[];
  /** By seq. */
  readonly exact: readonly ExactSeen[];
}

/**
 * What receipts make of a member: pure, used by every store inside its transaction. `after` is never behind `before`, nor are the times: so a message's time of delivery
 * is that of the first `delivered` or `seen` mark at or above it, whichever is earlier, and stays it.
 */
export function decideReceipts(before: MemberStanding, wanted: MemberReceipts): ReceiptStep {
  const notBeforeUs = Math.max(before.deliveredAtUs ?? 0, before.seenAtUs ?? 0);
  const within = (target: CursorTarget | null, from: Seq): CursorTarget | null => {
    const seq = Math.min(target?.seq ?? 0, before.reach);
    return target === null || seq <= from ? null : { seq, atUs: Math.max(target.atUs, notBeforeUs) };
  };
  const seen = within(wanted.seenUpto, before.seenSeq);
  const delivered = within(wanted.delivered, before.deliveredSeq);
  const marks: ReceiptMark[] = [];
  if (before.kind === 'personal') {
    const swallowed = delivered !== null && seen !== null && covers(seen, delivered.seq, delivered.atUs);
    if (delivered !== null && !swallowed)
      marks.push({ step: 'delivered', uptoSeq: delivered.seq, atUs: delivered.atUs });
    if (seen !== null) marks.push({ step: 'seen', uptoSeq: seen.seq, atUs: seen.atUs });
  }
  const exact: ExactSeen[] = [];
  for (const [seq, saidAtUs] of before.kind === 'personal' ? wanted.seen : []) {
    const atUs = Math.max(saidAtUs, notBeforeUs);
    if (seq < 1 || seq > before.reach || seq <= before.seenSeq || covers(seen, seq, atUs)) continue;
    const known = seq <= before.deliveredSeq || covers(delivered, seq, atUs) || covers(seen, seq, atUs);
    exact.push({ seq, atUs, impliesDelivered: !known });
  }
  exact.sort((a, b) => a.seq - b.seq);
  const reached = furthestOf(delivered, seen);
  const deliveredMoves = reached !== null && reached.seq > before.deliveredSeq;
  return {
    after: {
      deliveredSeq: deliveredMoves ? reached.seq : before.deliveredSeq,
      deliveredAtUs: deliveredMoves ? reached.atUs : before.deliveredAtUs,
      seenSeq: seen?.seq ?? before.seenSeq,
      seenAtUs: seen?.atUs ?? before.seenAtUs,
    },
    moved: deliveredMoves || seen !== null,
    marks,
    exact,
  };
}

/**
 * What is to be told of a member after the commit; null: nothing. `seen`: the messages of the step's `exact` that the call has marked; made `again`, also
 * those that were marked before.
 */
export function statusChange(
  { userId, conversationId }: MemberReceipts,
  before: MemberStanding,
  { after, moved }: ReceiptStep,
  seen: readonly { readonly seq: Seq; readonly messageId: MessageId }[],
  again: boolean,
): StatusChange | null {
  const seenMessageIds = seen.filter(({ seq }) => seq > after.seenSeq).map(({ messageId }) => messageId);
  const standsSomewhere = after.deliveredSeq > 0;
  if (!moved && seenMessageIds.length === 0 && !(again && standsSomewhere)) return null;
  return {
    userId,
    conversationId,
    kind: before.kind,
    peerId: before.peerId,
    ...after,
    previousDeliveredSeq: again ? 0 : before.deliveredSeq,
    previousSeenSeq: again ? 0 : before.seenSeq,
    seenMessageIds,
  };
}

const covers = (target: CursorTarget | null, seq: Seq, atUs: TimeUs): boolean =>
  target !== null && target.seq >= seq && target.atUs <= atUs;

function furthestOf(a: CursorTarget | null, b: CursorTarget | null): CursorTarget | null {
  if (a === null || b === null) return a ?? b;
  if (a.seq === b.seq) return a.atUs <= b.atUs ? a : b;
  return a.seq > b.seq ? a : b;
}
