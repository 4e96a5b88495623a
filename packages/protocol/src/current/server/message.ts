import { z } from 'zod';
import { conversationKind, id } from '../../fields.ts';
import { timestamp } from '../fields.ts';

/** A message. Its first six fields are the legacy frame, in this order. */
export const message = z
  .object({
    conv_id: id.describe('The conversation.'),
    message_id: id.describe('Names the message, over all conversations. Says nothing about order.'),
    msg: z.string().describe('The text.'),
    sender: z.string().describe('The display name of the sender.'),
    timestamp: timestamp.describe('When it was stored.'),
    type: conversationKind.describe('The kind of the conversation.'),
    seq: id.describe('Its place in the conversation: 1, 2, 3 … without a gap.'),
    sender_id: id.describe('The sender.'),
    client_id: z.string().describe("The sender's own name for it. Starts with `~` when the sender gave none."),
  })
  .meta({ description: 'A message.' });
export type Message = z.output<typeof message>;
