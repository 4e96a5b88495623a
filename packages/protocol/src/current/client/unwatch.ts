import { z } from 'zod';
import { ids } from '../../fields.ts';
import { LIMITS } from '../../limits.ts';
import { maybe, ref } from '../fields.ts';

/** Be told no more whether users are online. */
export const unwatch = z
  .object({
    type: z.literal('unwatch'),
    user_id: ids(LIMITS.maxUserIds).describe('The users.'),
    ref: maybe(ref),
  })
  .meta({ description: 'Be told no more whether users are online.' });
export type Unwatch = z.output<typeof unwatch>;
