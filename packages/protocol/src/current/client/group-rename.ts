import { z } from 'zod';
import { id, text } from '../../fields.ts';
import { LIMITS } from '../../limits.ts';
import { clientId, maybe, ref } from '../fields.ts';

/** Give a group another name (owner, admin). */
export const groupRename = z
  .object({
    type: z.literal('group_rename'),
    conv_id: id.describe('The group.'),
    group_name: text(LIMITS.maxGroupNameBytes, 1).describe('Its new name.'),
    client_id: maybe(clientId),
    ref: maybe(ref),
  })
  .meta({ description: 'Give a group another name (owner, admin).' });
export type GroupRename = z.output<typeof groupRename>;
