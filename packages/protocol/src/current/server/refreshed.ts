import { z } from 'zod';
import { maybe, ref, timestamp } from '../fields.ts';

/** The answer to refresh. */
export const refreshed = z
  .object({
    type: z.literal('refreshed'),
    ref: maybe(ref.describe('The ref of the request, when it had one.')),
    expires_at: timestamp.describe('When the new token expires.'),
  })
  .meta({ description: 'The answer to refresh.' });
export type Refreshed = z.output<typeof refreshed>;
