import { z } from 'zod';
import { id } from '../../fields.ts';
import { integer, maybe, timestamp } from '../fields.ts';

/** How far a member has a conversation, told to the senders concerned, and of what was seen to its own sessions. Never goes back. */
export const status = z
  .object({
    type: z.literal('status'),
    conv_id: id.describe('The conversation.'),
    user_id: id.describe('The member.'),
    delivered_seq: integer(0).describe('Everything up to here has arrived.'),
    delivered_at: timestamp.nullable().describe('When that was.'),
    seen_seq: integer(0).describe('Everything up to here has been seen.'),
    seen_at: timestamp.nullable().describe('When that was.'),
    message_id: maybe(
      z.array(id).min(1).describe('Also seen: exactly these messages, above `seen_seq`. Those told before stay seen.'),
    ),
  })
  .meta({
    description:
      'How far a member has a conversation, told to the senders concerned, and of what was seen to its own sessions. Never goes back.',
  });
export type Status = z.output<typeof status>;
