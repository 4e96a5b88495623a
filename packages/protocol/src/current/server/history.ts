import { z } from 'zod';
import { id } from '../../fields.ts';
import { maybe, ref } from '../fields.ts';
import { event } from './event.ts';
import { message } from './message.ts';

/** The answer to history. */
export const historyPage = z
  .object({
    type: z.literal('history'),
    ref: maybe(ref.describe('The ref of the request, when it had one.')),
    conv_id: id.describe('The conversation.'),
    messages: z
      .array(z.union([message, event]))
      .describe('In order of their sequence numbers, also when asked for `before`.'),
    more: z.boolean().describe('There are more in the direction that was asked for.'),
  })
  .meta({ description: 'The answer to history.' });
export type HistoryPage = z.output<typeof historyPage>;
