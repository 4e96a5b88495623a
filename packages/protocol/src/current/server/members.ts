import { z } from 'zod';
import { id } from '../../fields.ts';
import { integer, maybe, ref } from '../fields.ts';
import { groupRole } from '../group-event.ts';

/** A member, as the others see it. */
export const memberInfo = z.object({
  user_id: id.describe('The member.'),
  name: z.string().describe('The display name.'),
  role: groupRole.describe('The role.'),
  delivered_seq: integer(0).describe('How far the member has the conversation.'),
  seen_seq: integer(0).describe('How far the member has seen it.'),
});
export type MemberInfo = z.output<typeof memberInfo>;

/** The answer to members. */
export const membersPage = z
  .object({
    type: z.literal('members'),
    ref: maybe(ref.describe('The ref of the request, when it had one.')),
    conv_id: id.describe('The conversation.'),
    members: z.array(memberInfo).describe('In order of their user ids.'),
    next: id.nullable().describe('`after` of the next page; null: this was the last.'),
  })
  .meta({ description: 'The answer to members.' });
export type MembersPage = z.output<typeof membersPage>;
