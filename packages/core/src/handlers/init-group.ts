import type { LocalId } from '@parley/protocol';
import type { NodeServices } from '../services.ts';
import type { UserId } from '../types.ts';
import { type Reply, refusal } from '../wire/reply.ts';
import type { Caller } from './caller.ts';
import { initRequest, inOrder } from './init-request.ts';
import { refusedInit } from './refused-init.ts';
import { initInTurn } from './turns.ts';

export interface InitGroup {
  readonly localId: LocalId | null;
  readonly members: readonly UserId[];
  readonly name: string;
  readonly description: string;
  /** Who is added later sees what was before. */
  readonly history?: boolean;
  readonly clientId?: string | undefined;
}

/** L5, L13: creates a group and tells the nodes of its members. With a client id, a repeat has the first answer (G3). */
export async function handleInitGroup(frame: InitGroup, caller: Caller, services: NodeServices): Promise<Reply> {
  const memberIds = [...new Set(frame.members)];
  const creatorId = caller.user.id;
  if (!memberIds.includes(creatorId)) return refusal('initiator_not_member');
  const { name, description, history = false } = frame;
  const asked = ['init_group', inOrder(memberIds), name, description, history];
  const request = initRequest(creatorId, frame.clientId, asked);
  const group = { creatorId, memberIds, name, description, history };
  const result = await initInTurn(caller, services, async ({ conversations, settings }) => {
    if (settings.createUnknownMembers) await conversations.ensureUsers(memberIds);
    return conversations.createGroup(request === undefined ? group : { ...group, request });
  });
  if (!result.ok) return refusedInit(result);
  const { conversationId, created, duplicate } = result;
  // Also for a repeat: the node that took the first one may have died before it told anybody.
  services.publisher.publish([{ type: 'joined', conversationId, userIds: memberIds }]);
  return { kind: 'ready', localId: frame.localId, conversationId, conversationKind: 'group', created, duplicate };
}
