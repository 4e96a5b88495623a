import {
  assertSummaries,
  type ConversationId,
  type ConversationKind,
  type ConversationSummary,
  type Role,
  type Seq,
  STORE_LIMITS,
  type StoredMessage,
  type SummarySelection,
  type UserId,
} from '@parley/core';
import { CompiledQuery, type Kysely, sql } from 'kysely';
import { peerOf } from './membership-sql.ts';
import { asText, type ChatSchema, type Text } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';
import { type StoredMessageRow, storedMessageSelect, toStoredMessage } from './stored-message.ts';
import { guarded } from './transaction.ts';
import { unionAll } from './union.ts';

interface OwnRow {
  readonly conversation_id: number;
  readonly kind: ConversationKind;
  readonly pair_key: string | null;
  readonly name: Text;
  readonly description: Text;
  readonly history: number;
  readonly last_seq: number;
  readonly role: Role;
  readonly joined_seq: number;
  readonly added_seq: number;
  readonly left_seq: number | null;
  readonly left_members: number | null;
  readonly delivered_seq: number;
  readonly seen_seq: number;
}

type Peer = NonNullable<ConversationSummary['peer']>;

const headOf = (row: OwnRow): Seq => row.left_seq ?? row.last_seq;

/** Five statements for a page, whatever its length: the memberships, then at the same time what belongs to them. */
export class SqlSummaryReader {
  readonly #db: Kysely<ChatSchema>;
  readonly #flavor: SqlFlavor;

  constructor(db: Kysely<ChatSchema>, flavor: SqlFlavor) {
    this.#db = db;
    this.#flavor = flavor;
  }

  async summaries(userId: UserId, selection: SummarySelection): Promise<ConversationSummary[]> {
    assertSummaries(selection);
    const rows = await this.#own(userId, selection);
    const [members, peers, last, unread] = await Promise.all([
      this.#members(rows),
      this.#peers(userId, rows),
      this.#last(rows),
      this.#unread(userId, rows),
    ]);
    return rows.map((row) => ({
      conversationId: row.conversation_id,
      kind: row.kind,
      name: asText(row.name),
      description: asText(row.description),
      peer: peers.get(row.conversation_id) ?? null,
      members: (row.left_seq === null ? null : row.left_members) ?? members.get(row.conversation_id) ?? 0,
      role: row.role,
      head: headOf(row),
      firstSeq: row.joined_seq + 1,
      unread: unread.get(row.conversation_id) ?? 0,
      deliveredSeq: row.delivered_seq,
      seenSeq: row.seen_seq,
      history: row.history === 1,
      last: last.get(row.conversation_id) ?? null,
      left: row.left_seq !== null,
    }));
  }

  async #own(userId: UserId, selection: SummarySelection): Promise<OwnRow[]> {
    if ('ids' in selection && selection.ids.length === 0) return [];
    // Not what is kept alone: a node of an older version that still runs puts a member back without it.
    const text = (kept: string, present: string) =>
      sql<Text>`${sql.raw(this.#flavor.text(`CASE WHEN m.left_seq IS NULL THEN ${present} ELSE COALESCE(${kept}, ${present}) END`))}`;
    const all = this.#db
      .selectFrom('members as m')
      .innerJoin('conversations as c', 'c.id', 'm.conversation_id')
      .select(['m.conversation_id', 'm.role', 'm.joined_seq', 'm.added_seq', 'm.left_seq', 'm.delivered_seq'])
      .select(['m.seen_seq', 'c.kind', 'c.pair_key', 'm.left_members', 'c.history', 'c.last_seq'])
      .select([text('m.left_name', 'c.name').as('name')])
      .select([text('m.left_description', 'c.description').as('description')])
      .where('m.user_id', '=', userId)
      .orderBy('m.conversation_id');
    const chosen =
      'ids' in selection
        ? all.where('m.conversation_id', 'in', [...new Set(selection.ids)])
        : all.where('m.conversation_id', '>', selection.afterId).limit(selection.limit);
    return guarded(this.#flavor, () => chosen.execute());
  }

  async #members(rows: readonly OwnRow[]): Promise<Map<ConversationId, number>> {
    if (rows.length === 0) return new Map();
    const counts = await guarded(this.#flavor, () =>
      this.#db
        .selectFrom('members')
        .select(['conversation_id', (query) => query.fn.countAll<number>().as('members')])
        .where(
          'conversation_id',
          'in',
          rows.map((row) => row.conversation_id),
        )
        .where('left_seq', 'is', null)
        .groupBy('conversation_id')
        .execute(),
    );
    return new Map(counts.map((row) => [row.conversation_id, row.members]));
  }

  async #peers(userId: UserId, rows: readonly OwnRow[]): Promise<Map<ConversationId, Peer>> {
    const wanted = rows.flatMap(({ pair_key, conversation_id }) =>
      pair_key === null ? [] : [{ userId: peerOf(pair_key, userId), conversationId: conversation_id }],
    );
    if (wanted.length === 0) return new Map();
    const found = await guarded(this.#flavor, () =>
      this.#db
        .selectFrom('members as m')
        .innerJoin('users as u', 'u.id', 'm.user_id')
        .select(['m.user_id', 'm.conversation_id', 'm.blocked'])
        .select(sql<Text>`${sql.raw(this.#flavor.text('u.name'))}`.as('name'))
        .where((where) =>
          where.or(
            wanted.map((peer) => where.and({ 'm.user_id': peer.userId, 'm.conversation_id': peer.conversationId })),
          ),
        )
        .execute(),
    );
    return new Map(
      found.map((row) => [
        row.conversation_id,
        { userId: row.user_id, name: asText(row.name), blocked: row.blocked === 1 },
      ]),
    );
  }

  async #last(rows: readonly OwnRow[]): Promise<Map<ConversationId, StoredMessage>> {
    const wanted = rows.filter((row) => headOf(row) > row.joined_seq);
    if (wanted.length === 0) return new Map();
    const keys = wanted.map(() => '(m.conversation_id = ? AND m.seq = ?)').join(' OR ');
    const text = `SELECT ${storedMessageSelect(this.#flavor)} WHERE ${keys}`;
    const values = wanted.flatMap((row) => [row.conversation_id, headOf(row)]);
    const { rows: found } = await guarded(this.#flavor, () =>
      this.#db.executeQuery<StoredMessageRow>(CompiledQuery.raw(text, values)),
    );
    return new Map(found.map((row) => [row.conversation_id, toStoredMessage(row)]));
  }

  /** Counts among the newest messages above what was seen: a bounded range of the primary key for each conversation. */
  async #unread(userId: UserId, rows: readonly OwnRow[]): Promise<Map<ConversationId, number>> {
    const ranges = rows
      .map((row) => ({
        id: row.conversation_id,
        from: Math.max(row.seen_seq, row.added_seq, row.joined_seq, headOf(row) - STORE_LIMITS.maxUnreadScan),
        upto: headOf(row),
      }))
      .filter(({ from, upto }) => upto > from);
    // No condition on the sender: that would invite the server to read all that others ever sent, by the index of client ids.
    const select = `SELECT ? AS conversation_id, SUM(sender_id <> ? AND is_event = 0 AND status <> 'seen') AS unread FROM messages \
WHERE conversation_id = ? AND seq > ? AND seq <= ?`;
    const found = await unionAll<{ readonly conversation_id: number; readonly unread: number | string | null }>(
      this.#db,
      this.#flavor,
      ranges.map(() => select),
      ranges.flatMap(({ id, from, upto }) => [id, userId, id, from, upto]),
    );
    return new Map(
      found.map((row) => [row.conversation_id, Math.min(Number(row.unread ?? 0), STORE_LIMITS.maxUnread)]),
    );
  }
}
