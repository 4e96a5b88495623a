import { z } from 'zod';
import { conversationKind, id } from '../../fields.ts';
import { LIMITS } from '../../limits.ts';
import { integer, maybe, ref } from '../fields.ts';
import { groupRole } from '../group-event.ts';
import { event } from './event.ts';
import { message } from './message.ts';

/** A conversation, as one of its members sees it. */
export const conversationSummary = z.object({
  conv_id: id.describe('The conversation.'),
  kind: conversationKind.describe('Its kind.'),
  group_name: maybe(z.string().describe('Of groups.')),
  description: maybe(z.string().describe('Of groups.')),
  peer: z
    .object({
      user_id: id.describe('The other user.'),
      name: z.string().describe('The display name of the other.'),
      blocked: z.boolean().describe('You have blocked the other.'),
    })
    .describe('Of personal conversations.')
    .exactOptional(),
  members: integer(0).describe('How many members it has.'),
  role: groupRole.describe('Your role.'),
  seq: integer(0).describe('The number of the last message or event.'),
  first_seq: integer(0).describe('The number of the first one that you may see.'),
  unread: integer(0, LIMITS.maxUnread).describe(
    `How many messages of others (no events) you have not seen, of the newest 2,000; ${LIMITS.maxUnread} means that many or more.`,
  ),
  delivered_seq: integer(0).describe('How far you have it, on some device.'),
  seen_seq: integer(0).describe('How far you have seen it.'),
  history: z.boolean().describe('Who joins later sees what was said before.'),
  last: z.union([message, event]).nullable().describe('The last one that you may see.'),
  left: z.boolean().describe('You are no longer a member.'),
});
export type ConversationSummary = z.output<typeof conversationSummary>;

/** The answer to conversations. */
export const conversationsPage = z
  .object({
    type: z.literal('conversations'),
    ref: maybe(ref.describe('The ref of the request, when it had one.')),
    conversations: z.array(conversationSummary).describe('In order of their ids.'),
    next: id.nullable().describe('`after` of the next page; null: this was the last.'),
  })
  .meta({ description: 'The answer to conversations.' });
export type ConversationsPage = z.output<typeof conversationsPage>;
