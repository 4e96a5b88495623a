import { z } from 'zod';
import { ids } from '../../fields.ts';
import { LIMITS } from '../../limits.ts';
import { integer, maybe, ref } from '../fields.ts';

/** Ask for the conversations that the user is in, in order of their ids. */
export const conversations = z
  .object({
    type: z.literal('conversations'),
    after: integer(0).default(0).describe('Only conversations with a larger id: the `next` of the page before.'),
    limit: integer(1, LIMITS.maxConversations).default(50).describe('Most conversations in the answer.'),
    conv_id: maybe(ids(LIMITS.maxConversations).describe('Only these; `after` and `limit` are passed over.')),
    ref: maybe(ref),
  })
  .meta({ description: 'Ask for the conversations that the user is in, in order of their ids.' });
export type Conversations = z.output<typeof conversations>;
