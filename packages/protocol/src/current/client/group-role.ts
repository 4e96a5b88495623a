import { z } from 'zod';
import { id } from '../../fields.ts';
import { clientId, maybe, ref } from '../fields.ts';
import { groupRole } from '../group-event.ts';

/** Give a member of a group another role (owner). */
export const setGroupRole = z
  .object({
    type: z.literal('group_role'),
    conv_id: id.describe('The group.'),
    user_id: id.describe('Whose role.'),
    role: groupRole.describe('The new role.'),
    client_id: maybe(clientId),
    ref: maybe(ref),
  })
  .meta({ description: 'Give a member of a group another role (owner).' });
export type SetGroupRole = z.output<typeof setGroupRole>;
