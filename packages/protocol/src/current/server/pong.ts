import { z } from 'zod';
import { maybe, ref, timestamp } from '../fields.ts';

/** The answer to ping. */
export const pong = z
  .object({
    type: z.literal('pong'),
    ref: maybe(ref.describe('The ref of the request, when it had one.')),
    time: timestamp.describe('The time of the node.'),
  })
  .meta({ description: 'The answer to ping.' });
export type Pong = z.output<typeof pong>;
