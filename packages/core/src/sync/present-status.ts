import { LIMITS } from '@parley/protocol';
import type { MemberCursor } from '../ports/conversation-reader.ts';
import type { NodeServices } from '../services.ts';
import type { LocalUser } from '../session/local-user.ts';
import type { ConversationId } from '../types.ts';

/** Of one read. */
const MAX_CONVERSATIONS = 256;
/** Of one read; more than a group has members. */
const MAX_CURSORS = 5_000;
const RETRY_MS = 500;
const MAX_ATTEMPTS = 20;

type StatusServices = Pick<NodeServices, 'reader' | 'readLimiter' | 'telemetry' | 'clock' | 'log'>;

/** The session whose device is told. */
export interface StatusTarget {
  readonly sessionId: number;
  readonly user: LocalUser;
  /** It takes nothing any more. */
  readonly closed: boolean;
  /** One text frame of the current protocol. Never throws. */
  notify(frame: string): void;
  /** Null when the socket takes more than short frames; else resolves when it does, or is gone. */
  room(): Promise<void> | null;
}

/**
 * Tells a device that has been away how far its conversations have reached their other members, once (G6). From the store, behind whatever was told live:
 * a feed remembers that, so nothing goes backwards. Never rejects; a store that stays away is not waited for.
 * @param wanted null: the newest of the user's conversations; a client with more of them names those it wants to know about
 */
export async function tellPresentStatus(
  target: StatusTarget,
  wanted: readonly ConversationId[] | null,
  services: StatusServices,
): Promise<void> {
  const { user } = target;
  const own =
    wanted === null
      ? [...user.feeds.keys()].sort((a, b) => b - a).slice(0, LIMITS.maxStatusUnasked)
      : [...new Set(wanted)].filter((id) => user.feeds.has(id));
  for (let at = 0; at < own.length; at += MAX_CONVERSATIONS) {
    await tellPage(target, own.slice(at, at + MAX_CONVERSATIONS), services);
  }
}

/** In parts that the socket has taken most of before the next: the members of large groups, and lists of what was seen one by one, come to megabytes. */
async function tellPage(
  target: StatusTarget,
  ids: readonly ConversationId[],
  { reader, readLimiter, telemetry, clock, log }: StatusServices,
): Promise<void> {
  const { user } = target;
  let left = ids;
  for (let attempt = 0; attempt < MAX_ATTEMPTS && left.length > 0 && !target.closed; ) {
    try {
      // Thousands may come back at once: they wait in line, so that sends keep their share of the store.
      const cursors = await readLimiter.run(async () => (target.closed ? [] : reader.cursors(left, MAX_CURSORS)));
      telemetry.presentStatusRead();
      // The last conversation of a full page may go on behind it.
      const last = cursors.length < MAX_CURSORS ? undefined : cursors.at(-1)?.conversationId;
      let told = 0;
      for (const cursor of cursors) {
        if (hasNothing(cursor) || cursor.userId === user.id || cursor.conversationId === last) continue;
        for (let room = target.room(); room !== null; room = target.room()) await room;
        if (target.closed) return;
        // The user may have left while the socket was waited for.
        const feed = user.feeds.get(cursor.conversationId);
        if (feed === undefined) continue;
        target.notify(feed.presentStatus(cursor));
        told++;
      }
      telemetry.noticeTold('status', told);
      left = last === undefined ? [] : left.filter((id) => id >= last);
    } catch (error) {
      attempt++;
      log.warn({ err: error, userId: user.id, session: target.sessionId }, 'statuses could not be read; trying again');
      await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
    }
  }
}

/** Who was added later stands where that was, and nothing has been delivered for it: a cursor that has moved has a time. */
const hasNothing = ({ deliveredAtUs, seenAtUs, seenExactly }: MemberCursor): boolean =>
  deliveredAtUs === null && seenAtUs === null && seenExactly.length === 0;
