import { z } from 'zod';
import { id } from '../fields.ts';

export const groupRole = z.enum(['owner', 'admin', 'member']);

/** A change of a group, as an event in the group's own sequence (G7). The users of `added` are those who were not members before. */
export const groupEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('added'), user_id: z.array(id) }),
  z.object({ kind: z.literal('removed'), user_id: id }),
  z.object({ kind: z.literal('left'), user_id: id }),
  z.object({ kind: z.literal('renamed'), group_name: z.string() }),
  z.object({ kind: z.literal('described'), description: z.string() }),
  z.object({ kind: z.literal('role'), user_id: id, role: groupRole }),
  /** `user_id` is the new owner; `from` was the owner and is an admin now. */
  z.object({ kind: z.literal('transferred'), user_id: id, from: id }),
]);

export type GroupRole = z.output<typeof groupRole>;
export type GroupEvent = z.output<typeof groupEvent>;
