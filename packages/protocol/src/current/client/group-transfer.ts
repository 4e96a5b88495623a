import { z } from 'zod';
import { id } from '../../fields.ts';
import { clientId, maybe, ref } from '../fields.ts';

/** Make another member the owner and become admin yourself (owner). */
export const groupTransfer = z
  .object({
    type: z.literal('group_transfer'),
    conv_id: id.describe('The group.'),
    user_id: id.describe('The new owner.'),
    client_id: maybe(clientId),
    ref: maybe(ref),
  })
  .meta({ description: 'Make another member the owner and become admin yourself (owner).' });
export type GroupTransfer = z.output<typeof groupTransfer>;
