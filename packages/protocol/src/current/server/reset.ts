import { z } from 'zod';
import { conversationKind, id } from '../../fields.ts';
import { integer } from '../fields.ts';

/** The cursor means nothing here: forget what you have of this conversation and read its history; what is new comes live. */
export const reset = z
  .object({
    type: z.literal('reset'),
    conv_id: id.describe('The conversation.'),
    kind: conversationKind.describe('Its kind.'),
    seq: integer(0).describe('What comes live has larger numbers.'),
    reason: z
      .enum(['ahead', 'epoch'])
      .describe(
        'ahead: the cursor is beyond the last message. epoch: the store is another one, or was restored from a copy.',
      ),
  })
  .meta({
    description:
      'The cursor means nothing here: forget what you have of this conversation and read its history; what is new comes live.',
  });
export type Reset = z.output<typeof reset>;
