import type { LocalId } from '@parley/protocol';
import { newPersonal } from '../bus/publication.ts';
import type { NodeServices } from '../services.ts';
import type { UserId } from '../types.ts';
import { type Reply, refusal } from '../wire/reply.ts';
import type { Caller } from './caller.ts';
import { initRequest, inOrder } from './init-request.ts';
import { refusedInit } from './refused-init.ts';
import { initInTurn } from './turns.ts';

export interface InitPersonal {
  readonly localId: LocalId | null;
  readonly members: readonly UserId[];
  readonly clientId?: string | undefined;
}

/**
 * L2, L12, L13: opens the one personal conversation of a pair, and tells the nodes of both when it is new. With a client id, a repeat has the first answer
 * (G3).
 */
export async function handleInitPersonal(frame: InitPersonal, caller: Caller, services: NodeServices): Promise<Reply> {
  const members = inOrder([...new Set(frame.members)]);
  if (!members.includes(caller.user.id)) return refusal('initiator_not_member');
  const [a, b] = members;
  if (a === undefined || b === undefined || members.length !== 2) {
    return refusal('invalid_frame', 'member: name two different users, you and the other.');
  }
  const request = initRequest(caller.user.id, frame.clientId, ['init_personal', members]);
  const result = await initInTurn(caller, services, async ({ conversations, settings }) => {
    if (settings.createUnknownMembers) await conversations.ensureUsers(members);
    return conversations.openPersonal(a, b, request);
  });
  if (!result.ok) return refusedInit(result);
  const { conversationId, created, duplicate } = result;
  if (!created || duplicate) await services.loader.admit(conversationId, [caller.user]);
  // Also for a repeat of what created it: the node that took the first one may have died before it told anybody. By then there may be messages, which the
  // caller's feed has just been told of.
  const head = caller.user.feeds.get(conversationId)?.knownHead ?? 0;
  if (created) services.publisher.publish([newPersonal(conversationId, [a, b], head)]);
  return { kind: 'ready', localId: frame.localId, conversationId, conversationKind: 'personal', created, duplicate };
}
