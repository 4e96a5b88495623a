import { z } from 'zod';
import { conversationKind, id, messageBody } from '../../fields.ts';
import { clientId, maybe, ref } from '../fields.ts';

/** Send a message to a conversation. */
export const sendMessage = z
  .object({
    type: conversationKind.describe('The kind of the conversation.'),
    conv_id: id.describe('The conversation.'),
    msg: messageBody.describe('The text.'),
    client_id: maybe(clientId),
    ref: maybe(ref),
  })
  .meta({ description: 'Send a message to a conversation.' });
export type SendMessage = z.output<typeof sendMessage>;
