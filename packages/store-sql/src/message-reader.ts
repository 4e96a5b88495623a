import {
  assertAtMost,
  type ConversationId,
  type ConversationKind,
  type FirstMessage,
  type LateHead,
  type MessageId,
  type ReadRange,
  type Seq,
  STORE_LIMITS,
  type StoredMessage,
  type UserId,
} from '@parley/core';
import { CompiledQuery, type Kysely } from 'kysely';
import { asText, type ChatSchema, kindOfMessage, type Text } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';
import { type StoredMessageRow, storedMessageSelect, toStoredMessage } from './stored-message.ts';
import { guarded } from './transaction.ts';
import { unionAll } from './union.ts';

type RangeRow = StoredMessageRow & { readonly range_index: number };

interface FirstMessageRow {
  readonly seq: number;
  readonly id: number;
  readonly body: Text;
  readonly sent_us: number;
  readonly is_event: number;
}

interface FirstRow {
  readonly range_index: number;
  readonly seq: number;
  readonly id: number;
}

const RANGE = 'm.conversation_id = ? AND m.seq > ? AND m.seq <= ?';

/** The reads of a `MessageStore`, for both dialects. Ranges of one call are one statement. */
export class SqlMessageReader {
  protected readonly db: Kysely<ChatSchema>;
  protected readonly flavor: SqlFlavor;
  readonly #messageSelect: string;
  readonly #firstText: string;

  constructor(db: Kysely<ChatSchema>, flavor: SqlFlavor) {
    this.db = db;
    this.flavor = flavor;
    this.#messageSelect = storedMessageSelect(flavor);
    this.#firstText = `SELECT m.seq, m.id, ${flavor.text('m.body')} AS body, ${flavor.microseconds('m.sent_at')} AS sent_us, m.is_event \
FROM messages m WHERE m.conversation_id = ? AND m.sender_id = ? AND m.client_id = ?`;
  }

  async readRanges(ranges: readonly ReadRange[], excludeSender?: UserId): Promise<StoredMessage[][]> {
    assertAtMost('ranges', ranges.length, STORE_LIMITS.maxReadRanges);
    const found: StoredMessage[][] = ranges.map(() => []);
    if (ranges.length === 0) return found;
    const exclude = excludeSender === undefined ? '' : ' AND m.sender_id <> ?';
    const from = `${this.#messageSelect} WHERE ${RANGE}${exclude}`;
    const rows = await unionAll<RangeRow>(
      this.db,
      this.flavor,
      ranges.map((_, index) => `SELECT ${index} AS range_index, ${from} ORDER BY m.seq LIMIT ?`),
      ranges.flatMap(({ conversationId, afterSeq, uptoSeq, limit }) =>
        excludeSender === undefined
          ? [conversationId, afterSeq, uptoSeq, limit]
          : [conversationId, afterSeq, uptoSeq, excludeSender, limit],
      ),
    );
    for (const row of rows) found[row.range_index]?.push(toStoredMessage(row));
    // A derived table keeps the rows that its ORDER BY chose, but is not bound to keep their order.
    for (const messages of found) messages.sort((a, b) => a.seq - b.seq);
    return found;
  }

  async findByClientId(
    conversationId: ConversationId,
    senderId: UserId,
    clientId: string,
  ): Promise<FirstMessage | null> {
    const { rows } = await guarded(this.flavor, () =>
      this.db.executeQuery<FirstMessageRow>(
        CompiledQuery.raw(this.#firstText, [conversationId, senderId, this.flavor.clientId(clientId)]),
      ),
    );
    const [row] = rows;
    if (row === undefined) return null;
    return {
      seq: row.seq,
      messageId: row.id,
      sentAtUs: row.sent_us,
      body: asText(row.body),
      isEvent: row.is_event === 1,
    };
  }

  async firstOf(
    ranges: readonly Omit<ReadRange, 'limit'>[],
    excludeSender: UserId,
  ): Promise<({ seq: Seq; messageId: MessageId } | null)[]> {
    assertAtMost('ranges', ranges.length, STORE_LIMITS.maxFirstOfRanges);
    const found: ({ seq: Seq; messageId: MessageId } | null)[] = ranges.map(() => null);
    if (ranges.length === 0) return found;
    const from = `m.seq, m.id FROM messages m${this.flavor.byIndex('PRIMARY')} WHERE ${RANGE} AND m.sender_id <> ? ORDER BY m.seq LIMIT 1`;
    const rows = await unionAll<FirstRow>(
      this.db,
      this.flavor,
      ranges.map((_, index) => `SELECT ${index} AS range_index, ${from}`),
      ranges.flatMap((range) => [range.conversationId, range.afterSeq, range.uptoSeq, excludeSender]),
    );
    for (const row of rows) found[row.range_index] = { seq: row.seq, messageId: row.id };
    return found;
  }

  async heads(conversationIds: readonly ConversationId[]): Promise<Map<ConversationId, Seq>> {
    assertAtMost('conversations', conversationIds.length, STORE_LIMITS.maxHeads);
    if (conversationIds.length === 0) return new Map();
    const rows = await guarded(this.flavor, () =>
      this.db.selectFrom('conversations').select(['id', 'last_seq']).where('id', 'in', conversationIds).execute(),
    );
    return new Map(rows.map((row) => [row.id, row.last_seq]));
  }

  async headsSince(messageId: MessageId, limit: number): Promise<{ heads: LateHead[]; truncated: boolean }> {
    const rows = await guarded(this.flavor, () =>
      this.db
        .selectFrom((query) =>
          query
            .selectFrom('messages')
            .select(['conversation_id', (columns) => columns.fn.max('is_event').as('changed')])
            .where('id', '>', messageId)
            .groupBy('conversation_id')
            .limit(limit + 1)
            .as('late'),
        )
        .innerJoin('conversations', 'conversations.id', 'late.conversation_id')
        .select(['conversations.id', 'conversations.kind', 'conversations.last_seq', 'late.changed'])
        .execute(),
    );
    return {
      heads: rows.slice(0, limit).map((row) => ({
        conversationId: row.id,
        kind: row.kind,
        seq: row.last_seq,
        changed: row.changed !== 0,
      })),
      truncated: rows.length > limit,
    };
  }

  async lastMessageId(): Promise<MessageId> {
    const row = await guarded(this.flavor, () =>
      this.db
        .selectFrom('messages')
        .select((query) => query.fn.max('id').as('last'))
        .executeTakeFirst(),
    );
    return row?.last ?? 0;
  }

  async locate(
    messageIds: readonly MessageId[],
  ): Promise<Map<MessageId, { conversationId: ConversationId; kind: ConversationKind; seq: Seq; senderId: UserId }>> {
    assertAtMost('messages', messageIds.length, STORE_LIMITS.maxLocate);
    if (messageIds.length === 0) return new Map();
    const rows = await guarded(this.flavor, () =>
      this.db
        .selectFrom('messages')
        .select(['id', 'conversation_id', 'seq', 'sender_id', 'recipient_id'])
        .where('id', 'in', messageIds)
        .execute(),
    );
    return new Map(
      rows.map((row) => [
        row.id,
        {
          conversationId: row.conversation_id,
          kind: kindOfMessage(row.recipient_id),
          seq: row.seq,
          senderId: row.sender_id,
        },
      ]),
    );
  }
}
