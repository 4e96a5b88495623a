import type { LocalId } from '@parley/protocol';
import { type Reply, refusal } from '../reply.ts';
import type { NodeServices } from '../services.ts';
import type { UserId } from '../types.ts';
import type { Caller } from './caller.ts';

/** L5, L13: creates a group and tells the nodes of its members. */
export async function handleInitGroup(
  frame: {
    readonly localId: LocalId;
    readonly members: readonly UserId[];
    readonly name: string;
    readonly description: string;
  },
  caller: Caller,
  services: NodeServices,
): Promise<Reply> {
  const memberIds = [...new Set(frame.members)];
  if (!memberIds.includes(caller.user.id)) return refusal('initiator_not_member');
  if (services.settings.createUnknownMembers) await services.conversations.ensureUsers(memberIds);
  const { name, description } = frame;
  const result = await services.conversations.createGroup({ creatorId: caller.user.id, memberIds, name, description });
  if (!result.ok) {
    if ('conflict' in result) return refusal('client_id_conflict');
    return refusal('unknown_member', `Name only known users as members; unknown: ${result.unknown.join(', ')}.`);
  }
  services.publisher.publish([{ type: 'joined', conversationId: result.conversationId, userIds: memberIds }]);
  const { conversationId, created } = result;
  return {
    kind: 'ready',
    localId: frame.localId,
    conversationId,
    conversationKind: 'group',
    created,
    duplicate: false,
  };
}
