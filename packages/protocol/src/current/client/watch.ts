import { z } from 'zod';
import { ids } from '../../fields.ts';
import { LIMITS } from '../../limits.ts';
import { maybe, ref } from '../fields.ts';

/** Ask whether users are online, and be told of changes from then on. */
export const watch = z
  .object({
    type: z.literal('watch'),
    user_id: ids(LIMITS.maxUserIds).describe('The users.'),
    ref: maybe(ref),
  })
  .meta({ description: 'Ask whether users are online, and be told of changes from then on.' });
export type Watch = z.output<typeof watch>;
