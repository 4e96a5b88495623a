import { z } from 'zod';
import { integer } from '../fields.ts';

/** Every conversation has been answered with synced or reset. */
export const syncComplete = z
  .object({
    type: z.literal('sync_complete'),
    conversations: integer(0).describe('How many were.'),
  })
  .meta({ description: 'Every conversation has been answered with synced or reset.' });
export type SyncComplete = z.output<typeof syncComplete>;
