import type { StatusChange } from '../ports/receipt-store.ts';
import { NO_MEMBERS, type StatusPublication } from './publication.ts';

/** A committed move of a member's cursors, as the other nodes hear of it. */
export function statusPublication(change: StatusChange): StatusPublication {
  const { userId, peerId, conversationId, kind, deliveredSeq, seenSeq, seenMessageIds } = change;
  const { previousDeliveredSeq, previousSeenSeq } = change;
  const deliveredFrom = deliveredSeq > previousDeliveredSeq ? previousDeliveredSeq : deliveredSeq;
  const seenFrom = seenSeq > previousSeenSeq ? previousSeenSeq : deliveredFrom;
  return {
    type: 'status',
    kind,
    conversationId,
    members: peerId === null ? NO_MEMBERS : userId < peerId ? [userId, peerId] : [peerId, userId],
    userId,
    deliveredSeq,
    deliveredAtUs: change.deliveredAtUs ?? 0,
    seenSeq,
    seenAtUs: change.seenAtUs ?? 0,
    afterSeq: Math.min(deliveredFrom, seenFrom),
    seenIds: seenMessageIds,
  };
}
