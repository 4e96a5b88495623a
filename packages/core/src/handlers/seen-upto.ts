import type { NodeServices } from '../services.ts';
import type { ConversationId, Seq } from '../types.ts';
import { OK, type Reply, refusal } from '../wire/reply.ts';
import type { Caller } from './caller.ts';

/** The user has seen the conversation up to here, on a device that was sent it (G6). Implies that it was delivered. */
export function handleSeenUpto(
  frame: { readonly conv_id: ConversationId; readonly seq: Seq },
  caller: Caller,
  services: NodeServices,
): Reply {
  const sent = caller.delivery.sentUpTo(frame.conv_id);
  if (sent === null) return refusal('not_a_member');
  const seq = Math.min(frame.seq, sent.seq);
  if (seq > 0) services.receipts.seenUpto(caller.user.id, frame.conv_id, sent.feed.kind, seq);
  return OK;
}
