import {
  assertAtMost,
  assertCursors,
  assertMembersPage,
  assertPage,
  type ConversationId,
  type ConversationReader,
  type ConversationSummary,
  type MemberCursor,
  type MemberInfo,
  type MessageId,
  type MessageStatusReport,
  type PageRequest,
  STORE_LIMITS,
  type StoredMessage,
  type SummarySelection,
  type TimeUs,
  type UserId,
} from '@parley/core';
import { CompiledQuery, type Kysely, sql } from 'kysely';
import { SqlAcquaintances } from './acquaintances-sql.ts';
import { SqlCursorReader } from './cursor-reader-sql.ts';
import { asText, type ChatSchema, type Text } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';
import { type StoredMessageRow, storedMessageSelect, toStoredMessage } from './stored-message.ts';
import { SqlSummaryReader } from './summary-reader-sql.ts';
import { guarded } from './transaction.ts';

/** Reads for clients on both dialects. */
export class SqlConversationReader implements ConversationReader {
  readonly #db: Kysely<ChatSchema>;
  readonly #flavor: SqlFlavor;
  readonly #summaries: SqlSummaryReader;
  readonly #cursors: SqlCursorReader;
  readonly #acquaintances: SqlAcquaintances;
  readonly #pageSelect: string;

  constructor(db: Kysely<ChatSchema>, flavor: SqlFlavor) {
    this.#db = db;
    this.#flavor = flavor;
    this.#summaries = new SqlSummaryReader(db, flavor);
    this.#cursors = new SqlCursorReader(db, flavor);
    this.#acquaintances = new SqlAcquaintances(db, flavor);
    this.#pageSelect = `SELECT ${storedMessageSelect(flavor)} WHERE m.conversation_id = ? AND m.seq >= ? AND m.seq <= ? ORDER BY m.seq`;
  }

  summaries(userId: UserId, selection: SummarySelection): Promise<ConversationSummary[]> {
    return this.#summaries.summaries(userId, selection);
  }

  async page(conversationId: ConversationId, request: PageRequest): Promise<StoredMessage[]> {
    assertPage(request);
    const { before, after, minSeq, maxSeq, limit } = request;
    const first = after === undefined ? minSeq : Math.max(minSeq, after + 1);
    const last = before === undefined ? maxSeq : Math.min(maxSeq, before - 1);
    if (first > last || limit === 0) return [];
    const text = `${this.#pageSelect}${after === undefined ? ' DESC' : ''} LIMIT ?`;
    const { rows } = await guarded(this.#flavor, () =>
      this.#db.executeQuery<StoredMessageRow>(CompiledQuery.raw(text, [conversationId, first, last, limit])),
    );
    const page = rows.map(toStoredMessage);
    return after === undefined ? page.reverse() : page;
  }

  async members(conversationId: ConversationId, afterUserId: UserId, limit: number): Promise<MemberInfo[]> {
    assertMembersPage(limit);
    const present = sql.raw(`m${this.#flavor.byIndex('members_present')}`);
    const rows = await guarded(this.#flavor, () =>
      this.#db
        .selectFrom(sql<ChatSchema['members']>`members`.as<'m'>(present))
        .innerJoin('users as u', 'u.id', 'm.user_id')
        .select(['m.user_id', 'm.role', 'm.delivered_seq', 'm.seen_seq'])
        .select(sql<Text>`${sql.raw(this.#flavor.text('u.name'))}`.as('name'))
        .where('m.conversation_id', '=', conversationId)
        .where('m.left_seq', 'is', null)
        .where('m.user_id', '>', afterUserId)
        .orderBy('m.user_id')
        .limit(limit)
        .execute(),
    );
    return rows.map((row) => ({
      userId: row.user_id,
      name: asText(row.name),
      role: row.role,
      deliveredSeq: row.delivered_seq,
      seenSeq: row.seen_seq,
    }));
  }

  async cursors(conversationIds: readonly ConversationId[], maxRows: number): Promise<MemberCursor[]> {
    assertCursors(conversationIds, maxRows);
    return this.#cursors.cursors(conversationIds, maxRows);
  }

  messageStatus(messageId: MessageId): Promise<MessageStatusReport | null> {
    return this.#cursors.messageStatus(messageId);
  }

  acquainted(userId: UserId, others: readonly UserId[]): Promise<Set<UserId>> {
    return this.#acquaintances.among(userId, others);
  }

  async lastSeen(userIds: readonly UserId[]): Promise<Map<UserId, TimeUs | null>> {
    assertAtMost('users', userIds.length, STORE_LIMITS.maxLastSeen);
    if (userIds.length === 0) return new Map();
    const rows = await guarded(this.#flavor, () =>
      this.#db
        .selectFrom('users')
        .select(['id', sql<TimeUs | null>`${sql.raw(this.#flavor.microseconds('last_seen_at'))}`.as('at')])
        .where('id', 'in', [...new Set(userIds)])
        .execute(),
    );
    return new Map(rows.map((row) => [row.id, row.at]));
  }
}
