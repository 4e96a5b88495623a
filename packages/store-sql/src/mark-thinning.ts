import type { ConversationId, Seq, TimeUs, UserId } from '@parley/core';

/** The key of a row of `receipt_marks`, whose order is that of the table. */
export interface MarkPlace {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
  readonly deliveredSeq: Seq;
  readonly seenSeq: Seq;
}

/** Where a member's cursors have stood, and since when: null at 0. */
export interface ReceiptMark extends MarkPlace {
  readonly deliveredAtUs: TimeUs | null;
  readonly seenAtUs: TimeUs | null;
}

const DAY_US = 86_400_000_000;

/** The start of the UTC day. */
export const startOfDay = (atUs: TimeUs): TimeUs => atUs - (atUs % DAY_US);

/**
 * The marks that can go when times before `beforeUs`, the start of a day, need to be exact to the day only; `marks` in the order of the table, the last one is not judged.
 * A mark goes when the next one is the same member's and both its times are of the same days: whatever the mark gave a time to, the next one gives a time of the same
 * day, never an earlier one. So a member keeps its last mark, and at most two of any day.
 */
export function thinnable(marks: readonly ReceiptMark[], beforeUs: TimeUs): ReceiptMark[] {
  return marks.filter((mark, index) => {
    const next = marks[index + 1];
    return (
      next !== undefined &&
      next.conversationId === mark.conversationId &&
      next.userId === mark.userId &&
      // A member's times never go back, so the one before the bound says it of both.
      Math.max(next.deliveredAtUs ?? 0, next.seenAtUs ?? 0) < beforeUs &&
      sameDay(mark.deliveredAtUs, next.deliveredAtUs) &&
      sameDay(mark.seenAtUs, next.seenAtUs)
    );
  });
}

const sameDay = (a: TimeUs | null, b: TimeUs | null): boolean =>
  a === null || b === null ? a === b : startOfDay(a) === startOfDay(b);
