import type { NodeServices } from '../services.ts';
import { type Reply, refusal } from '../wire/reply.ts';
import type { Caller } from './caller.ts';
import type { FrameOf } from './frame-of.ts';
import { answerInTurn } from './turns.ts';
import { visibleRange } from './visible-range.ts';

/** The present members by user id, for present members. */
export function handleMembers(frame: FrameOf<'members'>, caller: Caller, services: NodeServices): Promise<Reply> {
  const { conv_id, after, limit } = frame;
  return answerInTurn(caller, services, async () => {
    const range = await visibleRange(conv_id, caller, services);
    if (range?.present !== true) return refusal('not_a_member');
    const rows = await services.reader.members(conv_id, after, limit);
    const members = rows.map(({ userId, name, role, deliveredSeq, seenSeq }) => {
      return { user_id: userId, name, role, delivered_seq: deliveredSeq, seen_seq: seenSeq };
    });
    const next = rows.length < limit ? null : (rows.at(-1)?.userId ?? null);
    return { kind: 'frame', frame: { type: 'members', conv_id, members, next } };
  });
}
