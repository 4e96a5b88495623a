import { z } from 'zod';
import { id } from '../../fields.ts';
import { maybe, ref } from '../fields.ts';

/** Ask who has a message and who saw it. */
export const messageStatus = z
  .object({
    type: z.literal('message_status'),
    message_id: id.describe('The message.'),
    ref: maybe(ref),
  })
  .meta({ description: 'Ask who has a message and who saw it.' });
export type MessageStatus = z.output<typeof messageStatus>;
