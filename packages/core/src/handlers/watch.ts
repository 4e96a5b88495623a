import type { UserId } from '../types.ts';
import type { Reply } from '../wire/reply.ts';
import { answerPresence, type PresenceCaller, type PresenceServices } from './presence.ts';

/** As `presence`; from then on the session is told of changes, until `unwatch` or its end. */
export function handleWatch(
  frame: { readonly user_id: readonly UserId[] },
  caller: PresenceCaller,
  services: PresenceServices,
): Promise<Reply> {
  return answerPresence(frame.user_id, caller, services, (userIds) => services.presence.watch(caller.watcher, userIds));
}
