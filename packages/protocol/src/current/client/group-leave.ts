import { z } from 'zod';
import { id } from '../../fields.ts';
import { clientId, maybe, ref } from '../fields.ts';

/** Leave a group. The last owner leaves last. */
export const groupLeave = z
  .object({
    type: z.literal('group_leave'),
    conv_id: id.describe('The group.'),
    client_id: maybe(clientId),
    ref: maybe(ref),
  })
  .meta({ description: 'Leave a group. The last owner leaves last.' });
export type GroupLeave = z.output<typeof groupLeave>;
