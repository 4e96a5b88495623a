import type { StatusChange } from '../ports/receipt-store.ts';
import type { ConversationKind, MessageId, Seq, TimeUs, UserId } from '../types.ts';
import type { CursorTarget, MemberReceipts } from './receipt-plan.ts';

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
  /** Up to here the member can see nothing: what was before it is not its to have seen (G6). */
  readonly joinedSeq: Seq;
  /** Where a cursor can go: the head, or the place where the member left. One beyond would hide later messages. */
  readonly reach: Seq;
}

/** One message to be marked as seen by itself, if the user has received it and it is not yet. */
export interface ExactSeen {
  readonly seq: Seq;
  readonly atUs: TimeUs;
  /** Nothing but this says that it was delivered: so it was, at the same time. */
  readonly impliesDelivered: boolean;
}

export interface ReceiptStep {
  /**
   * Of a personal conversation a store keeps each `after` that has `moved`: that is what gives every message its time. Each is at or ahead of the one before in both
   * positions, so a message was delivered with the first that has it delivered, and seen with the first that has it seen.
   */
  readonly after: ReceiptCursors;
  readonly moved: boolean;
  /** By seq. */
  readonly exact: readonly ExactSeen[];
}

/** What receipts make of a member: pure, used by every store inside its transaction. `after` is never behind `before`, nor are its times. */
export function decideReceipts(before: MemberStanding, wanted: MemberReceipts): ReceiptStep {
  const notBeforeUs = Math.max(before.deliveredAtUs ?? 0, before.seenAtUs ?? 0);
  const within = (target: CursorTarget | null, from: Seq): CursorTarget | null => {
    const seq = Math.min(target?.seq ?? 0, before.reach);
    return target === null || seq <= Math.max(from, before.joinedSeq)
      ? null
      : { seq, atUs: Math.max(target.atUs, notBeforeUs) };
  };
  const seen = within(wanted.seenUpto, before.seenSeq);
  const delivered = furthestOf(within(wanted.delivered, before.deliveredSeq), beyond(seen, before.deliveredSeq));
  const exact: ExactSeen[] = [];
  for (const [seq, saidAtUs] of before.kind === 'personal' ? wanted.seen : []) {
    const atUs = Math.max(saidAtUs, notBeforeUs);
    if (seq < 1 || seq > before.reach || seq <= before.seenSeq || covers(seen, seq, atUs)) continue;
    exact.push({ seq, atUs, impliesDelivered: seq > before.deliveredSeq && !covers(delivered, seq, atUs) });
  }
  exact.sort((a, b) => a.seq - b.seq);
  return {
    after: {
      deliveredSeq: delivered?.seq ?? before.deliveredSeq,
      deliveredAtUs: delivered?.atUs ?? before.deliveredAtUs,
      seenSeq: seen?.seq ?? before.seenSeq,
      seenAtUs: seen?.atUs ?? before.seenAtUs,
    },
    moved: delivered !== null || seen !== null,
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

const beyond = (target: CursorTarget | null, seq: Seq): CursorTarget | null =>
  target !== null && target.seq > seq ? target : null;

const covers = (target: CursorTarget | null, seq: Seq, atUs: TimeUs): boolean =>
  target !== null && target.seq >= seq && target.atUs <= atUs;

function furthestOf(a: CursorTarget | null, b: CursorTarget | null): CursorTarget | null {
  if (a === null || b === null) return a ?? b;
  if (a.seq === b.seq) return a.atUs <= b.atUs ? a : b;
  return a.seq > b.seq ? a : b;
}
