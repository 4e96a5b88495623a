import { z } from 'zod';
import { id, ids } from '../../fields.ts';
import { LIMITS } from '../../limits.ts';
import { maybe, ref } from '../fields.ts';

const ONE_FORM = 'send either message_id, or conv_id with seq.';
const not = maybe(z.never({ error: ONE_FORM }));

/** The user has seen a conversation up to here. */
export const seenUpto = z
  .object({
    type: z.literal('seen'),
    conv_id: id.describe('The conversation.'),
    seq: id.describe(
      'Everything up to this message has been seen. A larger number than this device was sent counts as the largest that it was sent.',
    ),
    message_id: not,
    ref: maybe(ref),
  })
  .meta({ description: 'The user has seen a conversation up to here.' });

/** The user has seen these messages, and no others. */
export const seenExactly = z
  .object({
    type: z.literal('seen'),
    message_id: ids(LIMITS.maxSeenIds).describe(
      'The messages that have been seen, of any conversations that you are in.',
    ),
    conv_id: not,
    seq: not,
    ref: maybe(ref),
  })
  .meta({ description: 'The user has seen exactly these messages.' });

/** The user has seen messages: up to a sequence number, or exactly the ids listed. */
export const seen = z
  .union([seenUpto, seenExactly])
  .meta({ description: 'The user has seen messages: up to a sequence number, or exactly the ids listed.' });
export type SeenUpto = z.output<typeof seenUpto>;
export type SeenExactly = z.output<typeof seenExactly>;
export type Seen = SeenUpto | SeenExactly;
