import type { NodeServices } from '../services.ts';
import { OK, type Reply, refusal } from '../wire/reply.ts';
import type { Caller } from './caller.ts';
import type { FrameOf } from './frame-of.ts';

/** This device has the conversation up to here: never more than it was sent (G6). */
export function handleDelivered(frame: FrameOf<'delivered'>, caller: Caller, services: NodeServices): Reply {
  const sent = caller.delivery.sentUpTo(frame.conv_id);
  if (sent === null) return refusal('not_a_member');
  const seq = Math.min(frame.seq, sent.seq);
  if (seq > 0) services.receipts.delivered(caller.user.id, frame.conv_id, sent.feed.kind, seq);
  return OK;
}
