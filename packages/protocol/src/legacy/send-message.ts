import { z } from 'zod';
import { conversationKind, id, messageBody } from '../fields.ts';

/** L3, L6: a message to a conversation; `conv_id` is the `db_conv_id` of L2 or L5. */
export const sendMessage = z.object({
  type: conversationKind,
  conv_id: id,
  msg: messageBody,
});
export type SendMessage = z.infer<typeof sendMessage>;
