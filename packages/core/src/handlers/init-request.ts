import { createHash } from 'node:crypto';
import type { InitRequest } from '../ports/conversation-store.ts';
import type { UserId } from '../types.ts';

/**
 * What lets the store know a repeated init again (G3); undefined when the client gave no id.
 * @param asked what the client asks for, in one form for all ways to ask for it, and without what may differ between two tries (its local id)
 */
export function initRequest(
  userId: UserId,
  clientId: string | undefined,
  asked: readonly unknown[],
): InitRequest | undefined {
  if (clientId === undefined) return undefined;
  return { userId, clientId, digest: createHash('sha256').update(JSON.stringify(asked), 'utf8').digest('hex') };
}

/** Members in one order, so that the same people named in another order are the same request. */
export const inOrder = (userIds: readonly UserId[]): UserId[] => [...userIds].sort((a, b) => a - b);
