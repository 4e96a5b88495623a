import { z } from 'zod';
import { id } from '../../fields.ts';
import { maybe, ref } from '../fields.ts';

/** This device has a conversation up to here. */
export const delivered = z
  .object({
    type: z.literal('delivered'),
    conv_id: id.describe('The conversation.'),
    seq: id.describe(
      'Everything up to this message has arrived. A larger number than this device was sent counts as the largest that it was sent.',
    ),
    ref: maybe(ref),
  })
  .meta({ description: 'This device has a conversation up to here.' });
export type Delivered = z.output<typeof delivered>;
