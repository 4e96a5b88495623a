import { encodeFrame, formatTimestamp } from '@parley/protocol';
import type { LocalUser } from './local-user.ts';
import type { MemberCursor } from './ports/conversation-reader.ts';
import type { StatusPublication } from './publication.ts';
import type { ConversationId, MessageId, Seq, TimeUs, UserId } from './types.ts';

interface Told {
  deliveredSeq: Seq;
  deliveredAtUs: TimeUs;
  seenSeq: Seq;
  seenAtUs: TimeUs;
}

/**
 * What the senders of one conversation on one node have been told of its members' cursors: never backwards, also when publications overtake each other
 * (G6). Bounded by the members; there only while somebody here listens.
 */
export class FeedStatus {
  readonly #told = new Map<UserId, Told>();

  /** @param concerns whether the user may have sent something behind `afterSeq`. @returns how many sockets were told */
  tell(news: StatusPublication, users: readonly LocalUser[], concerns: (userId: UserId) => boolean): number {
    const told = this.#toldOf(news.userId);
    if (!raise(told, news) && news.seenIds.length === 0) return 0;
    let frame: Uint8Array | null = null;
    let sockets = 0;
    for (const user of users) {
      if (user.id === news.userId || !concerns(user.id)) continue;
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
    const told = this.#toldOf(userId);
    const { deliveredAtUs, seenAtUs } = cursor;
    raise(told, { ...cursor, deliveredAtUs: deliveredAtUs ?? 0, seenAtUs: seenAtUs ?? 0 });
    return statusFrame(conversationId, userId, told, seenExactly);
  }

  #toldOf(userId: UserId): Told {
    let told = this.#told.get(userId);
    if (told === undefined) {
      told = { deliveredSeq: 0, deliveredAtUs: 0, seenSeq: 0, seenAtUs: 0 };
      this.#told.set(userId, told);
    }
    return told;
  }
}

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
