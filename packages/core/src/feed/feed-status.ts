import { encodeFrame, formatTimestamp } from '@parley/protocol';
import type { StatusPublication } from '../bus/publication.ts';
import { makeRoom } from '../make-room.ts';
import type { MemberCursor } from '../ports/conversation-reader.ts';
import type { LocalUser } from '../session/local-user.ts';
import { STORE_LIMITS } from '../store-limits.ts';
import type { ConversationId, MessageId, Seq, TimeUs, UserId } from '../types.ts';

const MAX_MEMBERS = 4 * STORE_LIMITS.maxGroupMembers;

interface Told {
  deliveredSeq: Seq;
  deliveredAtUs: TimeUs;
  seenSeq: Seq;
  seenAtUs: TimeUs;
}

/**
 * What the senders of one conversation on one node have been told of its members' cursors, and each member's own devices of what it has seen: never
 * backwards, also when publications overtake each other (G6); what one that was lost or is late would have told comes with the next.
 * There only while somebody here listens. Bounded: of a group, the last members that were told of, four times as many as it can have at once; of one that
 * was forgotten something overtaken may be told.
 */
export class FeedStatus {
  /** As publications have told it to all. */
  readonly #told = new Map<UserId, Told>();
  /** As it was read for single sessions: further, perhaps, than what was told to all, and no reason not to tell the others. */
  readonly #shown = new Map<UserId, Told>();

  /** @param concerns whether the user may have sent something behind `afterSeq`. @returns how many sockets were told */
  tell(
    news: StatusPublication,
    users: readonly LocalUser[],
    concerns: (userId: UserId, afterSeq: Seq) => boolean,
  ): number {
    const afterSeq = this.#untoldAfter(news);
    const known = this.#toldOf(news.userId);
    // To the user's other devices, for their unread counts.
    const seen = news.seenSeq > known.seenSeq || news.seenIds.length > 0;
    if (!raise(known, news) && !seen) return 0;
    const told = this.#furthest(news.userId, known);
    let frame: Uint8Array | null = null;
    let sockets = 0;
    for (const user of users) {
      if (user.id === news.userId ? !seen : !concerns(user.id, afterSeq)) continue;
      for (const recipient of user.recipients) {
        if (recipient.protocol !== 'current') continue;
        frame ??= Buffer.from(statusFrame(news.conversationId, news.userId, told, news.seenIds), 'utf8');
        recipient.notify(frame);
        sockets++;
      }
    }
    return sockets;
  }

  /** The present state as the store has it, for one session that has been away. @returns the frame, never behind what others here were told */
  present({ conversationId, userId, seenExactly, ...cursor }: MemberCursor): string {
    const { deliveredAtUs, seenAtUs } = cursor;
    const told = this.#told.get(userId) ?? NOTHING;
    const furthest = this.#furthest(userId, told);
    raise(furthest, { ...cursor, deliveredAtUs: deliveredAtUs ?? 0, seenAtUs: seenAtUs ?? 0 });
    if (raise({ ...told }, furthest)) {
      if (!this.#shown.has(userId)) makeRoom(this.#shown, MAX_MEMBERS);
      this.#shown.set(userId, furthest);
    }
    return statusFrame(conversationId, userId, furthest, seenExactly);
  }

  /** Whoever sent nothing behind it has been told all of this. */
  #untoldAfter(news: StatusPublication): Seq {
    const told = this.#told.get(news.userId);
    if (told === undefined) return news.afterSeq;
    const delivered = news.deliveredSeq > told.deliveredSeq ? told.deliveredSeq : news.afterSeq;
    const seen = news.seenSeq > told.seenSeq ? told.seenSeq : news.afterSeq;
    return Math.min(news.afterSeq, delivered, seen);
  }

  #furthest(userId: UserId, told: Told): Told {
    const furthest = { ...told };
    const shown = this.#shown.get(userId);
    if (shown !== undefined && !raise(furthest, shown)) this.#shown.delete(userId);
    return furthest;
  }

  #toldOf(userId: UserId): Told {
    let told = this.#told.get(userId);
    if (told === undefined) {
      makeRoom(this.#told, MAX_MEMBERS);
      told = { ...NOTHING };
      this.#told.set(userId, told);
    }
    return told;
  }
}

const NOTHING: Readonly<Told> = { deliveredSeq: 0, deliveredAtUs: 0, seenSeq: 0, seenAtUs: 0 };

const timeOf = (atUs: TimeUs): string | null => (atUs === 0 ? null : formatTimestamp(atUs));

/** @returns whether anything moved */
function raise(told: Told, news: Told): boolean {
  const delivered = news.deliveredSeq > told.deliveredSeq;
  const seen = news.seenSeq > told.seenSeq;
  if (delivered) {
    told.deliveredSeq = news.deliveredSeq;
    told.deliveredAtUs = news.deliveredAtUs;
  }
  if (seen) {
    told.seenSeq = news.seenSeq;
    told.seenAtUs = news.seenAtUs;
  }
  return delivered || seen;
}

const statusFrame = (
  conversationId: ConversationId,
  userId: UserId,
  told: Told,
  seenIds: readonly MessageId[],
): string =>
  encodeFrame({
    type: 'status',
    conv_id: conversationId,
    user_id: userId,
    delivered_seq: told.deliveredSeq,
    delivered_at: timeOf(told.deliveredAtUs),
    seen_seq: told.seenSeq,
    seen_at: timeOf(told.seenAtUs),
    ...(seenIds.length === 0 ? {} : { message_id: [...seenIds] }),
  });
