import type { PresenceWatch } from '../presence/presence-watch.ts';
import type { UserId } from '../types.ts';
import { OK, type Reply } from '../wire/reply.ts';
import type { PresenceCaller } from './presence.ts';

/** The session is told no more of these users; those it does not watch are passed over. */
export function handleUnwatch(
  frame: { readonly user_id: readonly UserId[] },
  caller: PresenceCaller,
  services: { readonly presence: PresenceWatch },
): Reply {
  services.presence.unwatch(caller.watcher, frame.user_id);
  return OK;
}
