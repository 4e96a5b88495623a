import { z } from 'zod';
import { maybe, ref } from '../fields.ts';

/** Ask for a sign of life. */
export const ping = z
  .object({
    type: z.literal('ping'),
    ref: maybe(ref),
  })
  .meta({ description: 'Ask for a sign of life.' });
export type Ping = z.output<typeof ping>;
