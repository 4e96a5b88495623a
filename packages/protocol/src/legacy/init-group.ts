import { z } from 'zod';
import { ids, text } from '../fields.ts';
import { LIMITS } from '../limits.ts';
import { localConversationId } from './local-id.ts';

/** L5: create a group. */
export const initGroup = z.object({
  type: z.literal('init_group'),
  conv_id: localConversationId,
  member: ids(LIMITS.maxGroupMembers),
  group_name: text(LIMITS.maxGroupNameBytes, 1),
  description: text(LIMITS.maxDescriptionBytes).default(''),
});
export type InitGroup = z.infer<typeof initGroup>;
