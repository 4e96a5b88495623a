import { z } from 'zod';
import { id } from '../fields.ts';

/** What a member may do in a group. */
export const groupRole = z.enum(['owner', 'admin', 'member'], { error: 'send "owner", "admin" or "member".' });
export type GroupRole = z.output<typeof groupRole>;

const user = id.describe('The user concerned.');

/** A change of a group, as an event in the group's own sequence (G7). The users of `added` are those who were not members before. */
export const groupEvent = z
  .discriminatedUnion('kind', [
    z
      .object({ kind: z.literal('added'), user_id: z.array(id).min(1).describe('The users who were added.') })
      .describe('Users were added.'),
    z.object({ kind: z.literal('removed'), user_id: user }).describe('A member was removed.'),
    z.object({ kind: z.literal('left'), user_id: user }).describe('A member left.'),
    z
      .object({ kind: z.literal('renamed'), group_name: z.string().describe('The new name.') })
      .describe('The group has another name.'),
    z
      .object({ kind: z.literal('described'), description: z.string().describe('The new description.') })
      .describe('The group has another description.'),
    z
      .object({ kind: z.literal('role'), user_id: user, role: groupRole.describe('The new role.') })
      .describe('A member has another role.'),
    z
      .object({
        kind: z.literal('transferred'),
        user_id: id.describe('The new owner.'),
        from: id.describe('The owner before, now admin.'),
      })
      .describe('The group has another owner.'),
  ])
  .meta({ description: 'What changed in a group.' });
export type GroupEvent = z.output<typeof groupEvent>;
