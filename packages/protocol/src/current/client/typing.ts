import { z } from 'zod';
import { id } from '../../fields.ts';
import { flag, maybe, ref } from '../fields.ts';

/** The user is typing, or has stopped. */
export const typing = z
  .object({
    type: z.literal('typing'),
    conv_id: id.describe('The conversation.'),
    active: flag.default(true).describe('false: stopped.'),
    ref: maybe(ref),
  })
  .meta({ description: 'The user is typing, or has stopped.' });
export type Typing = z.output<typeof typing>;
