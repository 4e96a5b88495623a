import { z } from 'zod';
import { id } from '../../fields.ts';
import { maybe, ref, timestamp } from '../fields.ts';

/** A send or a group change is stored, for good. */
export const ack = z
  .object({
    type: z.literal('ack'),
    ref: maybe(ref.describe('The ref of the request, when it had one.')),
    conv_id: id.describe('The conversation.'),
    message_id: id.describe('The message or event.'),
    seq: id.describe('Its place in the conversation.'),
    timestamp: timestamp.describe('When it was stored.'),
    client_id: z
      .string()
      .describe('The client id of the request; made by the server, starting with `~`, when it had none.'),
    duplicate: maybe(
      z.literal(true).describe('It was stored before, by this client id; the numbers are the first ones.'),
    ),
  })
  .meta({ description: 'A send or a group change is stored, for good.' });
export type Ack = z.output<typeof ack>;
