import { z } from 'zod';
import { id } from '../../fields.ts';
import { maybe, ref, timestamp } from '../fields.ts';

/** The answer to message_status: every member but the sender that the message was sent to. */
export const messageStatusReport = z
  .object({
    type: z.literal('message_status'),
    ref: maybe(ref.describe('The ref of the request, when it had one.')),
    message_id: id.describe('The message.'),
    conv_id: id.describe('Its conversation.'),
    seq: id.describe('Its place in the conversation.'),
    users: z
      .array(
        z.object({
          user_id: id.describe('The member.'),
          status: z.enum(['sent', 'delivered', 'seen']).describe('How far it got.'),
          delivered_at: timestamp.nullable().describe('When it arrived.'),
          seen_at: timestamp.nullable().describe('When it was seen.'),
        }),
      )
      .describe(
        'Every member but the sender that it was sent to: who was added later, or anew, is not named, even if it can read the message.',
      ),
  })
  .meta({ description: 'The answer to message_status.' });
export type MessageStatusReport = z.output<typeof messageStatusReport>;
