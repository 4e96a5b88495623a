import { z } from 'zod';
import { id, text } from '../../fields.ts';
import { LIMITS } from '../../limits.ts';
import { clientId, maybe, ref } from '../fields.ts';

/** Give a group another description (owner, admin). */
export const groupDescribe = z
  .object({
    type: z.literal('group_describe'),
    conv_id: id.describe('The group.'),
    description: text(LIMITS.maxDescriptionBytes).describe('Its new description; may be empty.'),
    client_id: maybe(clientId),
    ref: maybe(ref),
  })
  .meta({ description: 'Give a group another description (owner, admin).' });
export type GroupDescribe = z.output<typeof groupDescribe>;
