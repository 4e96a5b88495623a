import type { MessageStatus } from './api/client.ts';
import { type FrameOf, timeMsOrNull } from './wire.ts';

export const messageStatusOf = (frame: FrameOf<'message_status'>): MessageStatus => ({
  messageId: frame.message_id,
  conversationId: frame.conv_id,
  seq: frame.seq,
  users: frame.users.map((user) => ({
    userId: user.user_id,
    status: user.status,
    deliveredAtMs: timeMsOrNull(user.delivered_at),
    seenAtMs: timeMsOrNull(user.seen_at),
  })),
});
