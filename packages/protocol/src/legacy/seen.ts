import { z } from 'zod';
import { ids } from '../fields.ts';
import { LIMITS } from '../limits.ts';

/** L7: the user has seen these messages. */
export const seen = z.object({
  type: z.literal('seen'),
  message_id: ids(LIMITS.maxSeenIds),
});
export type Seen = z.infer<typeof seen>;
