import { z } from 'zod';
import { id } from '../../fields.ts';
import { maybe, ref } from '../fields.ts';

/** This device has a conversation up to here. */
export const delivered = z
  .object({
    type: z.literal('delivered'),
    conv_id: id.describe('The conversation.'),
    seq: id.describe(
      'Everything up to this message has arrived. Never beyond what this device was sent: more is passed over.',
    ),
    ref: maybe(ref),
  })
  .meta({ description: 'This device has a conversation up to here.' });
export type Delivered = z.output<typeof delivered>;
