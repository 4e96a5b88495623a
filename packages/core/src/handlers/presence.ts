import { formatTimestamp } from '@parley/protocol';
import type { Limiter } from '../limiter.ts';
import type { ConversationReader } from '../ports/conversation-reader.ts';
import type { PresenceAnswer, PresenceWatch } from '../presence/presence-watch.ts';
import type { UserId } from '../types.ts';
import type { PresenceState } from '../wire/presence-frame.ts';
import { type Reply, refusal } from '../wire/reply.ts';
import type { Caller } from './caller.ts';

export type PresenceCaller = Pick<Caller, 'user' | 'watcher'>;

export interface PresenceServices {
  readonly presence: PresenceWatch;
  readonly reader: Pick<ConversationReader, 'acquainted'>;
  /** For the store alone: who waits for the directory holds up no other read. */
  readonly readLimiter: Pick<Limiter, 'run'>;
}

/** Who of these users is online. Only of people that the caller shares a conversation with and is not blocked by, and of itself. */
export function handlePresence(
  frame: { readonly user_id: readonly UserId[] },
  caller: PresenceCaller,
  services: PresenceServices,
): Promise<Reply> {
  return answerPresence(frame.user_id, caller, services, (userIds) => services.presence.query(caller.watcher, userIds));
}

/** Asks about the acquaintances of the caller; one stranger among them refuses the list. */
export async function answerPresence(
  asked: readonly UserId[],
  caller: PresenceCaller,
  services: PresenceServices,
  ask: (userIds: readonly UserId[]) => Promise<PresenceAnswer>,
): Promise<Reply> {
  const userIds = [...new Set(asked)];
  const others = userIds.filter((userId) => userId !== caller.user.id);
  if (others.length > 0) {
    const acquainted = await services.readLimiter.run(() => services.reader.acquainted(caller.user.id, others));
    const strangers = others.filter((userId) => !acquainted.has(userId));
    if (strangers.length > 0) return refusal('not_acquainted', `Not acquainted: ${strangers.join(', ')}.`);
  }
  return replyTo(await ask(userIds));
}

function replyTo(answered: PresenceAnswer): Reply {
  switch (answered.kind) {
    case 'known':
      return { kind: 'frame', frame: { type: 'presence', users: answered.users.map(told) } };
    case 'too_many':
      return refusal('too_many_watches');
    case 'full':
      return refusal('overloaded', 'This node watches as many users as it can; ask without watching.');
    case 'unknown': {
      const detail = 'Who is online cannot be said at the moment; ask again.';
      return { kind: 'error', name: 'store_unavailable', detail, retryAfterMs: Math.ceil(answered.retryAfterMs) };
    }
  }
}

const told = ({ userId, online, lastSeenUs }: PresenceState) => ({
  user_id: userId,
  online,
  last_seen: lastSeenUs === null ? null : formatTimestamp(lastSeenUs),
});
