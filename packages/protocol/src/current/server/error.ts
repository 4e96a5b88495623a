import { z } from 'zod';
import { integer, maybe, ref } from '../fields.ts';

/** A request was refused: it changed nothing. */
export const error = z
  .object({
    type: z.literal('error'),
    code: integer(1).describe('The number of the error, for ever the same.'),
    name: z.string().describe('The name of the error. Newer nodes may know more of them: go by `temporary` then.'),
    message: z.string().describe('What to do, for people who write clients.'),
    temporary: z.boolean().describe('true: the same frame may be sent again later.'),
    retry_after_ms: maybe(integer(0).describe('Not before this time has passed.')),
    ref: maybe(ref.describe('The ref of the request, when it had a valid one.')),
  })
  .meta({ description: 'A request was refused: it changed nothing.' });
export type ErrorFrame = z.output<typeof error>;
