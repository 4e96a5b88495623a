import { z } from 'zod';
import { conversationKind, id } from '../../fields.ts';
import { integer } from '../fields.ts';

/** A conversation is complete up to seq, counted from the cursor of this device, and goes on live. */
export const synced = z
  .object({
    type: z.literal('synced'),
    conv_id: id.describe('The conversation.'),
    kind: conversationKind.describe('Its kind.'),
    seq: integer(0).describe('Complete up to here.'),
    recovered: integer(0).describe('How many messages and events were sent to get there.'),
  })
  .meta({
    description: 'A conversation is complete up to seq, counted from the cursor of this device, and goes on live.',
  });
export type Synced = z.output<typeof synced>;
