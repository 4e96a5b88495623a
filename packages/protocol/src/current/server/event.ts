import { z } from 'zod';
import { id } from '../../fields.ts';
import { timestamp } from '../fields.ts';
import { groupEvent } from '../group-event.ts';

/** A change of a group: numbered like a message, in the same sequence. */
export const event = z
  .object({
    type: z.literal('event'),
    conv_id: id.describe('The group.'),
    message_id: id.describe('Names the event, over all conversations and messages.'),
    seq: id.describe('Its place in the conversation, in one sequence with the messages.'),
    sender: z.string().describe('The display name of who made the change.'),
    sender_id: id.describe('Who made the change.'),
    client_id: z.string().describe("The maker's own name for it. Starts with `~` when there was none."),
    timestamp: timestamp.describe('When it was stored.'),
    event: groupEvent,
  })
  .meta({ description: 'A change of a group: numbered like a message, in the same sequence.' });
export type Event = z.output<typeof event>;
