import { z } from 'zod';
import { timestamp } from '../fields.ts';

/** The token expires soon: send refresh with a new one. */
export const refreshNeeded = z
  .object({
    type: z.literal('refresh_needed'),
    expires_at: timestamp.describe('When the connection will be closed.'),
  })
  .meta({ description: 'The token expires soon: send refresh with a new one.' });
export type RefreshNeeded = z.output<typeof refreshNeeded>;
