import { z } from 'zod';
import { ids } from '../../fields.ts';
import { localConversationId } from '../../legacy/local-id.ts';
import { LIMITS } from '../../limits.ts';
import { clientId, maybe, ref } from '../fields.ts';

/** Open, or find, the personal conversation with another user. */
export const initPersonal = z
  .object({
    type: z.literal('init_personal'),
    member: ids(LIMITS.maxGroupMembers).describe('The two users, yourself included.'),
    conv_id: maybe(
      localConversationId.describe('Your own name for the conversation until it has its id, echoed as local_conv_id.'),
    ),
    client_id: maybe(clientId),
    ref: maybe(ref),
  })
  .meta({ description: 'Open, or find, the personal conversation with another user.' });
export type InitPersonal = z.output<typeof initPersonal>;
