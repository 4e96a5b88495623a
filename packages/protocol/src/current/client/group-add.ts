import { z } from 'zod';
import { id, ids } from '../../fields.ts';
import { LIMITS } from '../../limits.ts';
import { clientId, maybe, ref } from '../fields.ts';

/** Add users to a group (owner, admin). */
export const groupAdd = z
  .object({
    type: z.literal('group_add'),
    conv_id: id.describe('The group.'),
    user_id: ids(LIMITS.maxUserIds).describe('Whom to add; who is a member already is passed over.'),
    client_id: maybe(clientId),
    ref: maybe(ref),
  })
  .meta({ description: 'Add users to a group (owner, admin).' });
export type GroupAdd = z.output<typeof groupAdd>;
