import { z } from 'zod';
import { maybe, ref } from '../fields.ts';

/** Done. The answer to block, unblock and bye, and to a notice with a ref. */
export const ok = z
  .object({
    type: z.literal('ok'),
    ref: maybe(ref.describe('The ref of the request, when it had one.')),
  })
  .meta({ description: 'Done. The answer to block, unblock and bye, and to a notice with a ref.' });
export type Ok = z.output<typeof ok>;
