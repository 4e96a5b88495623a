import { z } from 'zod';
import { id } from '../../fields.ts';
import { maybe, ref } from '../fields.ts';

/** Take a block back. */
export const unblock = z
  .object({
    type: z.literal('unblock'),
    user_id: id.describe('Whom to unblock.'),
    ref: maybe(ref),
  })
  .meta({ description: 'Take a block back.' });
export type Unblock = z.output<typeof unblock>;
