import { z } from 'zod';
import { id } from '../../fields.ts';
import { LIMITS } from '../../limits.ts';
import { integer, maybe, ref } from '../fields.ts';

/** Ask who is in a conversation, in order of their user ids. */
export const members = z
  .object({
    type: z.literal('members'),
    conv_id: id.describe('The conversation.'),
    after: integer(0).default(0).describe('Only users with a larger id: the `next` of the page before.'),
    limit: integer(1, LIMITS.maxMembers).default(100).describe('Most members in the answer.'),
    ref: maybe(ref),
  })
  .meta({ description: 'Ask who is in a conversation, in order of their user ids.' });
export type Members = z.output<typeof members>;
