import { z } from 'zod';
import { id } from '../../fields.ts';
import { clientId, maybe, ref } from '../fields.ts';

/** Remove a member from a group (owner; an admin removes members only). */
export const groupRemove = z
  .object({
    type: z.literal('group_remove'),
    conv_id: id.describe('The group.'),
    user_id: id.describe('Whom to remove.'),
    client_id: maybe(clientId),
    ref: maybe(ref),
  })
  .meta({ description: 'Remove a member from a group (owner; an admin removes members only).' });
export type GroupRemove = z.output<typeof groupRemove>;
