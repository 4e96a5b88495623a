import type { LocalId } from '@parley/protocol';
import { type Reply, refusal } from '../reply.ts';
import type { NodeServices } from '../services.ts';
import type { UserId } from '../types.ts';
import type { Caller } from './caller.ts';

/** L2, L12, L13: opens the one personal conversation of a pair. */
export async function handleInitPersonal(
  frame: { readonly localId: LocalId; readonly members: readonly UserId[] },
  caller: Caller,
  services: NodeServices,
): Promise<Reply> {
  const members = [...new Set(frame.members)];
  if (!members.includes(caller.user.id)) return refusal('initiator_not_member');
  const [a, b] = members;
  if (a === undefined || b === undefined || members.length !== 2) {
    return refusal('invalid_frame', 'member: name two different users, you and the other.');
  }
  if (services.settings.createUnknownMembers) await services.conversations.ensureUsers(members);
  const result = await services.conversations.openPersonal(a, b);
  if (!result.ok) {
    if ('conflict' in result) return refusal('client_id_conflict');
    return refusal('unknown_member', `Name only known users as members; unknown: ${result.unknown.join(', ')}.`);
  }
  await services.loader.admit(result.conversationId, [caller.user]);
  const { conversationId, created } = result;
  return {
    kind: 'ready',
    localId: frame.localId,
    conversationId,
    conversationKind: 'personal',
    created,
    duplicate: false,
  };
}
