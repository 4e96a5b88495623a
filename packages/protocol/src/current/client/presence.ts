import { z } from 'zod';
import { ids } from '../../fields.ts';
import { LIMITS } from '../../limits.ts';
import { maybe, ref } from '../fields.ts';

/** Ask whether users are online. */
export const presence = z
  .object({
    type: z.literal('presence'),
    user_id: ids(LIMITS.maxUserIds).describe('The users.'),
    ref: maybe(ref),
  })
  .meta({ description: 'Ask whether users are online.' });
export type Presence = z.output<typeof presence>;
