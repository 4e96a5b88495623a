import type { NodeServices } from '../services.ts';
import type { ConversationId, Membership, Seq } from '../types.ts';
import type { Caller } from './caller.ts';

/** What of a conversation a member, present or past, may read: `minSeq <= seq <= maxSeq` (G7). */
export interface VisibleRange {
  readonly minSeq: Seq;
  readonly maxSeq: Seq;
  readonly present: boolean;
}

/** @returns null for who never was a member */
export async function visibleRange(
  conversationId: ConversationId,
  caller: Caller,
  services: NodeServices,
): Promise<VisibleRange | null> {
  const membership = await services.conversations.membership(caller.user.id, conversationId);
  return membership === null ? null : rangeOf(membership);
}

function rangeOf({ joinedSeq, leftSeq, head }: Membership): VisibleRange {
  return { minSeq: joinedSeq + 1, maxSeq: leftSeq ?? head, present: leftSeq === null };
}
