import type { NodeServices } from '../services.ts';
import type { SessionDelivery } from '../session/session-delivery.ts';
import type { ConversationId } from '../types.ts';

/** A client with more conversations names those it wants to know about. */
const MAX_CONVERSATIONS = 256;
const MAX_CURSORS = 5_000;
const RETRY_MS = 500;
const MAX_ATTEMPTS = 20;

type StatusServices = Pick<NodeServices, 'reader' | 'readLimiter' | 'telemetry' | 'clock' | 'log'>;

/**
 * Tells a device that has been away how far its conversations have reached their other members, once (G6). From the store, behind whatever was told live:
 * a feed remembers that, so nothing goes backwards. Never rejects; a store that stays away is not waited for.
 * @param wanted null: all of the user's conversations
 */
export async function tellPresentStatus(
  delivery: SessionDelivery,
  wanted: readonly ConversationId[] | null,
  services: StatusServices,
): Promise<void> {
  const { user } = delivery;
  const own =
    wanted === null
      ? [...user.feeds.keys()].sort((a, b) => a - b)
      : [...new Set(wanted)].filter((id) => user.feeds.has(id));
  for (let at = 0; at < (wanted === null ? 1 : own.length); at += MAX_CONVERSATIONS) {
    const ids = own.slice(at, at + MAX_CONVERSATIONS);
    if (ids.length > 0) await tellPage(delivery, ids, services);
  }
}

async function tellPage(
  delivery: SessionDelivery,
  ids: readonly ConversationId[],
  { reader, readLimiter, telemetry, clock, log }: StatusServices,
): Promise<void> {
  const { user } = delivery;
  for (let attempt = 0; attempt < MAX_ATTEMPTS && !delivery.closed; attempt++) {
    try {
      // Thousands may come back at once: they wait in line, so that sends keep their share of the store.
      const cursors = await readLimiter.run(async () => (delivery.closed ? [] : reader.cursors(ids, MAX_CURSORS)));
      telemetry.presentStatusRead();
      let told = 0;
      for (const cursor of cursors) {
        const feed = user.feeds.get(cursor.conversationId);
        if (feed === undefined || cursor.userId === user.id) continue;
        const nothing = cursor.deliveredSeq === 0 && cursor.seenSeq === 0 && cursor.seenExactly.length === 0;
        if (nothing) continue;
        delivery.notify(feed.presentStatus(cursor));
        told++;
      }
      telemetry.noticeTold('status', told);
      return;
    } catch (error) {
      log.warn(
        { err: error, userId: user.id, session: delivery.sessionId },
        'statuses could not be read; trying again',
      );
      await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
    }
  }
}
