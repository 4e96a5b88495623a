import { z } from 'zod';
import { ids } from '../fields.ts';
import { LIMITS } from '../limits.ts';
import { localConversationId } from './local-id.ts';

/** L2: open (or find) the personal conversation of two users. */
export const initPersonal = z.object({
  type: z.literal('init_personal'),
  conv_id: localConversationId,
  member: ids(LIMITS.maxGroupMembers),
});
export type InitPersonal = z.infer<typeof initPersonal>;
