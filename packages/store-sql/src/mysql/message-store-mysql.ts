import {
  type AppendOutcome,
  type AppendRow,
  assertAppendable,
  type ConversationId,
  type FirstMessage,
  type MessageStore,
  StoreError,
} from '@parley/core';
import { CompiledQuery, type Kysely } from 'kysely';
import { SqlMessageReader } from '../message-reader.ts';
import { asText, type ChatSchema, type Text } from '../schema.ts';
import type { SqlFlavor } from '../sql-flavor.ts';
import { guarded } from '../transaction.ts';
import { AppendPlan, clientKey } from './append-plan.ts';
import { type AppendAttempt, attemptAppend, isStale } from './mysql-append.ts';
import { mysqlFailure } from './mysql-error.ts';
import type { MysqlPool } from './mysql-pool.ts';

/** Each redo after a duplicate settles a row at least, but another node may go on storing ours: bounded (G8). */
const MAX_ATTEMPTS = 20;

interface FirstRow {
  readonly conversation_id: number;
  readonly sender_id: number;
  readonly client_id: Text;
  readonly seq: number;
  readonly id: number;
  readonly body: Text;
  readonly sent_us: number;
  readonly is_event: number;
}

/**
 * `append` is `attemptAppend`, straight on the happy path. Only a batch that the unique key refused, or whose members' version is old, is
 * looked at row by row: what is stored already is answered from there, and the rest is attempted again.
 */
export class MysqlMessageStore extends SqlMessageReader implements MessageStore {
  readonly #writers: MysqlPool;
  /** No conversation has a higher id, as far as this node has looked. */
  #knownConversationId = 0;

  constructor(db: Kysely<ChatSchema>, flavor: SqlFlavor, writers: MysqlPool) {
    super(db, flavor);
    this.#writers = writers;
  }

  async append(batch: readonly AppendRow[]): Promise<AppendOutcome> {
    assertAppendable(batch);
    const first = await this.#attempt(batch);
    if (first.kind === 'stored') return { kind: 'committed', results: first.results };
    return this.#redo(batch, first);
  }

  async #redo(batch: readonly AppendRow[], first: AppendAttempt): Promise<AppendOutcome> {
    const plan = new AppendPlan(batch);
    let attempt = first;
    for (let count = 1; count < MAX_ATTEMPTS; count += 1) {
      const settled = plan.settle(await this.#firstsOf(plan.pending));
      const { pending } = plan;
      if (pending.length === 0) return plan.outcome([]);
      if (attempt.kind === 'stale') {
        const { versions } = attempt;
        const left = pending.filter((row) => isStale(row, versions)).map((row) => row.conversationId);
        if (left.length > 0) return { kind: 'stale', conversationIds: new Set(left) };
      } else if (!settled) {
        // The unique key refused rows that are nowhere to be seen: a seq is taken, so a head is behind its messages.
        throw new StoreError('a conversation has messages beyond its last_seq', {
          outcome: 'not_committed',
          retryable: false,
        });
      }
      attempt = await this.#attempt(pending);
      if (attempt.kind === 'stored') return plan.outcome(attempt.results);
    }
    throw new StoreError('other nodes keep storing the same client ids', { outcome: 'not_committed', retryable: true });
  }

  async #attempt(rows: readonly AppendRow[]): Promise<AppendAttempt> {
    const versions = await this.#versionsBeyondKnown(rows);
    if (versions !== null) return { kind: 'stale', versions };
    const connection = await this.#writers.acquire().catch((error: unknown) => {
      throw mysqlFailure(error, 'not_committed');
    });
    try {
      return await attemptAppend(connection, rows);
    } finally {
      this.#writers.release(connection);
    }
  }

  /**
   * The members' versions, when some row names a conversation with an id above every conversation's; else null. Such an id must not come
   * near the upsert of the heads: a row inserted with it moves the table's auto-increment for ever, also when it is rolled back.
   */
  async #versionsBeyondKnown(rows: readonly AppendRow[]): Promise<Map<ConversationId, number> | null> {
    const allKnown = (): boolean => rows.every((row) => row.conversationId <= this.#knownConversationId);
    if (allKnown()) return null;
    const last = await guarded(this.flavor, () =>
      this.db
        .selectFrom('conversations')
        .select((query) => query.fn.max('id').as('last'))
        .executeTakeFirst(),
    );
    this.#knownConversationId = Math.max(this.#knownConversationId, last?.last ?? 0);
    if (allKnown()) return null;
    const ids = [...new Set(rows.map((row) => row.conversationId))];
    const found = await guarded(this.flavor, () =>
      this.db.selectFrom('conversations').select(['id', 'members_version']).where('id', 'in', ids).execute(),
    );
    return new Map(found.map((row) => [row.id, row.members_version]));
  }

  /** Outside of a transaction: what the unique key has refused is committed, and seen by a new read. */
  async #firstsOf(rows: readonly AppendRow[]): Promise<Map<string, FirstMessage>> {
    const keys = rows.map(() => '(conversation_id = ? AND sender_id = ? AND client_id = ?)').join(' OR ');
    const text = `SELECT conversation_id, sender_id, client_id, seq, id, body, is_event, ${this.flavor.microseconds('sent_at')} AS sent_us \
FROM messages WHERE ${keys}`;
    const values = rows.flatMap((row) => [row.conversationId, row.senderId, this.flavor.clientId(row.clientId)]);
    const { rows: found } = await guarded(this.flavor, () =>
      this.db.executeQuery<FirstRow>(CompiledQuery.raw(text, values)),
    );
    return new Map(
      found.map((row) => [
        clientKey({
          conversationId: row.conversation_id,
          senderId: row.sender_id,
          clientId: asText(row.client_id),
        }),
        { seq: row.seq, messageId: row.id, sentAtUs: row.sent_us, body: asText(row.body), isEvent: row.is_event === 1 },
      ]),
    );
  }
}
