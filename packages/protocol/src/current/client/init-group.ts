import { z } from 'zod';
import { ids, text } from '../../fields.ts';
import { localConversationId } from '../../legacy/local-id.ts';
import { LIMITS } from '../../limits.ts';
import { clientId, flag, maybe, ref } from '../fields.ts';

/** Create a group; you become its owner. */
export const initGroup = z
  .object({
    type: z.literal('init_group'),
    member: ids(LIMITS.maxGroupMembers).describe('The users, yourself included.'),
    group_name: text(LIMITS.maxGroupNameBytes, 1).describe('Its name.'),
    description: text(LIMITS.maxDescriptionBytes).default('').describe('What it is about.'),
    history: flag.default(false).describe('Whether those who join later see what was said before.'),
    conv_id: maybe(
      localConversationId.describe('Your own name for the group until it has its id, echoed as local_conv_id.'),
    ),
    client_id: maybe(clientId),
    ref: maybe(ref),
  })
  .meta({ description: 'Create a group; you become its owner.' });
export type InitGroup = z.output<typeof initGroup>;
