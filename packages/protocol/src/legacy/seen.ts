import { z } from 'zod';
import { id } from '../fields.ts';
import { LIMITS } from '../limits.ts';

/** L7: the user has seen these messages. */
export const seen = z.object({
  type: z.literal('seen'),
  message_id: z.array(id).min(1).max(LIMITS.maxSeenIds),
});
export type Seen = z.infer<typeof seen>;
