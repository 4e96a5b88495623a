import { z } from 'zod';
import { maybe, ref } from '../fields.ts';
import { token } from '../token.ts';

/** Stay signed in with a new token of the same user. */
export const refresh = z
  .object({
    type: z.literal('refresh'),
    token: token.describe('The new token.'),
    ref: maybe(ref),
  })
  .meta({ description: 'Stay signed in with a new token of the same user.' });
export type Refresh = z.output<typeof refresh>;
