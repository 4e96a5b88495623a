import { z } from 'zod';
import { maybe, ref } from '../fields.ts';

/** Leave: what is under way is answered, then the connection is closed with 1000. */
export const bye = z
  .object({
    type: z.literal('bye'),
    ref: maybe(ref),
  })
  .meta({ description: 'Leave: what is under way is answered, then the connection is closed with 1000.' });
export type Bye = z.output<typeof bye>;
