import {
  type ConversationId,
  type MemberCursor,
  type MessageId,
  type MessageStatusReport,
  type RecipientStatus,
  type Seq,
  STORE_LIMITS,
  type TimeUs,
  type UserId,
} from '@parley/core';
import { type Kysely, sql } from 'kysely';
import type { ChatSchema } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';
import { guarded } from './transaction.ts';
import { unionAll } from './union.ts';

/** Messages that are looked at to find those a member has seen one by one. */
const MAX_EXACT_SCAN = 2 * STORE_LIMITS.maxSeenExactly;
const MAX_SELECTS_PER_STATEMENT = 64;

/** Messages of a personal conversation that may have been seen one by one: `fromSeq < seq <= uptoSeq`. */
interface ExactRange {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
  readonly fromSeq: Seq;
  readonly uptoSeq: Seq;
}

interface MessageRow {
  readonly conversation_id: number;
  readonly seq: number;
  readonly sender_id: number;
  readonly recipient_id: number | null;
}

/** How far conversations have reached their members. */
export class SqlCursorReader {
  readonly #db: Kysely<ChatSchema>;
  readonly #flavor: SqlFlavor;

  constructor(db: Kysely<ChatSchema>, flavor: SqlFlavor) {
    this.#db = db;
    this.#flavor = flavor;
  }

  async cursors(conversationIds: readonly ConversationId[], maxRows: number): Promise<MemberCursor[]> {
    if (conversationIds.length === 0) return [];
    const rows = await guarded(this.#flavor, () =>
      this.#db
        .selectFrom('members')
        .select(['conversation_id', 'user_id', 'delivered_seq', 'seen_seq', 'seen_exact_seq'])
        .select([this.#time('delivered_at', 'delivered_us'), this.#time('seen_at', 'seen_us')])
        .where('conversation_id', 'in', [...new Set(conversationIds)])
        .where('left_seq', 'is', null)
        .orderBy('conversation_id')
        .orderBy('user_id')
        .limit(maxRows)
        .execute(),
    );
    const exact = await this.#seenExactly(
      rows
        .filter((row) => row.seen_exact_seq > row.seen_seq)
        .map((row) => ({
          conversationId: row.conversation_id,
          userId: row.user_id,
          fromSeq: Math.max(row.seen_seq, row.seen_exact_seq - MAX_EXACT_SCAN),
          uptoSeq: row.seen_exact_seq,
        })),
    );
    return rows.map((row) => ({
      conversationId: row.conversation_id,
      userId: row.user_id,
      deliveredSeq: row.delivered_seq,
      deliveredAtUs: row.delivered_us,
      seenSeq: row.seen_seq,
      seenAtUs: row.seen_us,
      seenExactly: exact.get(exactKey(row.conversation_id, row.user_id)) ?? [],
    }));
  }

  async messageStatus(messageId: MessageId): Promise<MessageStatusReport | null> {
    const message = await guarded(this.#flavor, () =>
      this.#db
        .selectFrom('messages')
        .select(['conversation_id', 'seq', 'sender_id', 'recipient_id'])
        .where('id', '=', messageId)
        .executeTakeFirst(),
    );
    if (message === undefined) return null;
    const users = message.recipient_id === null ? await this.#ofGroup(message) : await this.#ofPersonal(messageId);
    return { conversationId: message.conversation_id, seq: message.seq, senderId: message.sender_id, users };
  }

  /** Read from the newest on, a bounded number of rows; what is given is by seq again. */
  async #seenExactly(ranges: readonly ExactRange[]): Promise<Map<string, MessageId[]>> {
    const found = new Map<string, { readonly seq: number; readonly id: number }[]>();
    const select = `SELECT conversation_id, recipient_id, seq, id FROM messages${this.#flavor.byIndex('PRIMARY')} WHERE conversation_id = ? AND seq > ? AND seq <= ? \
AND recipient_id = ? AND status = 'seen' ORDER BY seq DESC LIMIT ${STORE_LIMITS.maxSeenExactly}`;
    for (let at = 0; at < ranges.length; at += MAX_SELECTS_PER_STATEMENT) {
      const part = ranges.slice(at, at + MAX_SELECTS_PER_STATEMENT);
      const rows = await unionAll<{ conversation_id: number; recipient_id: number; seq: number; id: number }>(
        this.#db,
        this.#flavor,
        part.map(() => select),
        part.flatMap(({ conversationId, fromSeq, uptoSeq, userId }) => [conversationId, fromSeq, uptoSeq, userId]),
      );
      for (const row of rows) {
        const key = exactKey(row.conversation_id, row.recipient_id);
        const known = found.get(key);
        if (known === undefined) found.set(key, [row]);
        else known.push(row);
      }
    }
    return new Map([...found].map(([key, rows]) => [key, rows.sort((a, b) => a.seq - b.seq).map((row) => row.id)]));
  }

  async #ofPersonal(messageId: MessageId): Promise<RecipientStatus[]> {
    const row = await guarded(this.#flavor, () =>
      this.#db
        .selectFrom('message_status')
        .select(['recipient_id', 'status'])
        .select([this.#time('delivered_at', 'delivered_us'), this.#time('seen_at', 'seen_us')])
        .where('id', '=', messageId)
        .executeTakeFirst(),
    );
    if (row === undefined) return [];
    const { recipient_id: userId, status, delivered_us: deliveredAtUs, seen_us: seenAtUs } = row;
    return [{ userId, status, deliveredAtUs, seenAtUs }];
  }

  async #ofGroup({ conversation_id, seq, sender_id }: MessageRow): Promise<RecipientStatus[]> {
    const table = sql.raw(`m${this.#flavor.byIndex('members_present')}`);
    const rows = await guarded(this.#flavor, () =>
      this.#db
        .selectFrom(sql<ChatSchema['members']>`members`.as<'m'>(table))
        .select(['user_id', 'delivered_seq', 'seen_seq'])
        .select([this.#time('delivered_at', 'delivered_us'), this.#time('seen_at', 'seen_us')])
        .where('conversation_id', '=', conversation_id)
        .where('user_id', '<>', sender_id)
        .where('added_seq', '<', seq)
        .where((where) => where.or([where('left_seq', 'is', null), where('left_seq', '>=', seq)]))
        .orderBy('user_id')
        .execute(),
    );
    return rows.map((row) => {
      const delivered = row.delivered_seq >= seq;
      const seen = row.seen_seq >= seq;
      return {
        userId: row.user_id,
        status: seen ? 'seen' : delivered ? 'delivered' : 'sent',
        deliveredAtUs: delivered ? row.delivered_us : null,
        seenAtUs: seen ? row.seen_us : null,
      };
    });
  }

  #time<Name extends string>(column: 'delivered_at' | 'seen_at', name: Name) {
    return sql<TimeUs | null>`${sql.raw(this.#flavor.microseconds(column))}`.as(name);
  }
}

const exactKey = (conversationId: ConversationId, userId: UserId): string => `${conversationId} ${userId}`;
