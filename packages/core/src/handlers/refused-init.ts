import type { InitResult } from '../ports/conversation-store.ts';
import type { UserId } from '../types.ts';
import { type Reply, refusal } from '../wire/reply.ts';

/** Why the store did not open a conversation, in the client's words. */
export function refusedInit(result: Extract<InitResult, { readonly ok: false }>): Reply {
  if ('conflict' in result) return refusal('client_id_conflict');
  return unknownMembers(result.unknown);
}

export const unknownMembers = (unknown: readonly UserId[]): Reply =>
  refusal('unknown_member', `Name only known users as members; unknown: ${unknown.join(', ')}.`);
