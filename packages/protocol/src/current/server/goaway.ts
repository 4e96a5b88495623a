import { z } from 'zod';
import { integer } from '../fields.ts';

/** The node is about to stop: connect again, to any node, after this time. */
export const goaway = z
  .object({
    type: z.literal('goaway'),
    reconnect_after_ms: integer(0).describe('How long to wait.'),
  })
  .meta({ description: 'The node is about to stop: connect again, to any node, after this time.' });
export type Goaway = z.output<typeof goaway>;
