import type { NodeServices } from '../services.ts';
import { type Reply, refusal } from '../wire/reply.ts';
import type { Caller } from './caller.ts';
import type { FrameOf } from './frame-of.ts';
import { timestampOrNull } from './stored-entry.ts';
import { answerInTurn } from './turns.ts';
import { visibleRange } from './visible-range.ts';

/** Who has a message and who saw it, for present members that can see it themselves (G6, G7). */
export function handleMessageStatus(
  frame: FrameOf<'message_status'>,
  caller: Caller,
  services: NodeServices,
): Promise<Reply> {
  const { message_id } = frame;
  return answerInTurn(caller, services, async () => {
    const located = await services.located.ask(message_id);
    if (located === undefined) return refusal('unknown_message');
    const range = await visibleRange(located.conversationId, caller, services);
    // Also when it exists: whoever cannot see it learns nothing of it.
    if (range === null || located.seq < range.minSeq || located.seq > range.maxSeq) return refusal('unknown_message');
    if (!range.present) return refusal('not_a_member');
    const report = await services.reader.messageStatus(message_id);
    if (report === null) return refusal('unknown_message');
    const users = report.users.map(({ userId, status, deliveredAtUs, seenAtUs }) => {
      const times = { delivered_at: timestampOrNull(deliveredAtUs), seen_at: timestampOrNull(seenAtUs) };
      return { user_id: userId, status, ...times };
    });
    const { conversationId, seq } = report;
    return { kind: 'frame', frame: { type: 'message_status', message_id, conv_id: conversationId, seq, users } };
  });
}
