import { z } from 'zod';
import { id } from '../../fields.ts';
import { maybe, ref } from '../fields.ts';

/** Block a user: what the user sends you is refused. Opens the personal conversation when there is none. */
export const block = z
  .object({
    type: z.literal('block'),
    user_id: id.describe('Whom to block.'),
    ref: maybe(ref),
  })
  .meta({
    description:
      'Block a user: what the user sends you is refused. Opens the personal conversation when there is none.',
  });
export type Block = z.output<typeof block>;
