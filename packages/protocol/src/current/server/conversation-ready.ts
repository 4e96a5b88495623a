import { z } from 'zod';
import { conversationKind, id } from '../../fields.ts';
import { maybe, ref } from '../fields.ts';

/** The answer to init_personal and init_group. */
export const conversationReady = z
  .object({
    type: z.literal('conversation_ready'),
    ref: maybe(ref.describe('The ref of the request, when it had one.')),
    conv_id: id.describe('The conversation.'),
    kind: conversationKind.describe('Its kind.'),
    local_conv_id: maybe(z.union([z.number(), z.string()]).describe('The conv_id of the request, as it came.')),
    created: z.boolean().describe('false: it was there already.'),
    duplicate: maybe(z.literal(true).describe('It was created before, by this client id.')),
  })
  .meta({ description: 'The answer to init_personal and init_group.' });
export type ConversationReady = z.output<typeof conversationReady>;
