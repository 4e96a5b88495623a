import { formatTimestamp } from '@parley/protocol';
import type { TimeUs, UserId } from '../types.ts';

export interface PresenceState {
  readonly userId: UserId;
  readonly online: boolean;
  /** Null while online, and when it is not known. */
  readonly lastSeenUs: TimeUs | null;
}

/** One of `users` in a `presence` frame: built once, told to all who watch the user. */
export function encodePresenceUser({ userId, online, lastSeenUs }: PresenceState): string {
  const lastSeen = lastSeenUs === null ? 'null' : `"${formatTimestamp(lastSeenUs)}"`;
  return `{"user_id":${userId},"online":${online},"last_seen":${lastSeen}}`;
}

/** The `presence` frame as news, of users that are encoded. */
export function encodePresence(users: readonly string[]): string {
  return `{"type":"presence","users":[${users.join(',')}]}`;
}
