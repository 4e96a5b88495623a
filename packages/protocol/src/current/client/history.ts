import { z } from 'zod';
import { id } from '../../fields.ts';
import { LIMITS } from '../../limits.ts';
import { integer, maybe, ref } from '../fields.ts';

/** Ask for a page of a conversation. */
export const history = z
  .object({
    type: z.literal('history'),
    conv_id: id.describe('The conversation.'),
    before: maybe(id.describe('The messages just below this sequence number.')),
    after: maybe(integer(0).describe('The messages just above this sequence number.')),
    limit: integer(1, LIMITS.maxHistory).default(50).describe('Most messages in the answer.'),
    ref: maybe(ref),
  })
  .refine((frame) => frame.before === undefined || frame.after === undefined, {
    error: 'send before or after, not both.',
  })
  .meta({
    description:
      'Ask for a page of a conversation: before or after a sequence number; the newest when neither is given.',
    not: { required: ['before', 'after'] },
  });
export type History = z.output<typeof history>;
