import { z } from 'zod';
import { id } from '../../fields.ts';

/** Another member is typing, or has stopped. */
export const typingNews = z
  .object({
    type: z.literal('typing'),
    conv_id: id.describe('The conversation.'),
    user_id: id.describe('Who.'),
    active: z.boolean().describe('false: stopped.'),
  })
  .meta({ description: 'Another member is typing, or has stopped.' });
export type TypingNews = z.output<typeof typingNews>;
