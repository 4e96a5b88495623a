import {
  type AppendOutcome,
  type AppendResult,
  type AppendRow,
  assertAppendable,
  type ConversationId,
  type MessageId,
  type MessageStore,
  type Seq,
} from '@parley/core';
import type { Kysely } from 'kysely';
import { SqlMessageReader } from '../message-reader.ts';
import { asText, type ChatSchema, type Text } from '../schema.ts';
import type { SqlFlavor } from '../sql-flavor.ts';
import type { Database, Statement } from './sqlite-database.ts';
import type { SqliteWriter } from './sqlite-writer.ts';

interface FirstRow {
  readonly seq: Seq;
  readonly id: MessageId;
  readonly sent_at: number;
  readonly body: Text;
  readonly is_event: number;
}

interface Statements {
  readonly first: Statement;
  readonly version: Statement;
  readonly moveHead: Statement;
  readonly insert: Statement;
}

/** One connection and no awaits inside a transaction: rows are looked at one by one, and the batch is one commit. */
export class SqliteMessageStore extends SqlMessageReader implements MessageStore {
  readonly #database: Database;
  readonly #writer: SqliteWriter;
  #prepared: Statements | null = null;

  constructor(db: Kysely<ChatSchema>, flavor: SqlFlavor, database: Database, writer: SqliteWriter) {
    super(db, flavor);
    this.#database = database;
    this.#writer = writer;
  }

  async append(batch: readonly AppendRow[]): Promise<AppendOutcome> {
    assertAppendable(batch);
    return this.#writer.transaction(() => this.#append(batch));
  }

  #append(batch: readonly AppendRow[]): AppendOutcome {
    const statements = this.#statements();
    const firsts = batch.map((row) => firstOf(statements, row));
    const stale = new Set<ConversationId>();
    for (const [index, row] of batch.entries()) {
      if (firsts[index] !== undefined) continue;
      const found = statements.version.get([row.conversationId]) as { members_version: number } | undefined;
      if (found?.members_version !== row.membersVersion) stale.add(row.conversationId);
    }
    if (stale.size > 0) return { kind: 'stale', conversationIds: stale };
    return { kind: 'committed', results: batch.map((row) => store(statements, row)) };
  }

  /** Prepared at the first append: there are no tables before `migrate`. */
  #statements(): Statements {
    this.#prepared ??= {
      first: this.#database.prepare(
        'SELECT seq, id, sent_at, CAST(body AS BLOB) AS body, is_event FROM messages WHERE conversation_id = ? AND sender_id = ? AND client_id = ?',
      ),
      version: this.#database.prepare('SELECT members_version FROM conversations WHERE id = ?'),
      moveHead: this.#database.prepare(
        'UPDATE conversations SET last_seq = last_seq + 1 WHERE id = ? RETURNING last_seq',
      ),
      insert: this.#database.prepare(
        'INSERT INTO messages (conversation_id, seq, sender_id, recipient_id, client_id, body, sent_at) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id',
      ),
    };
    return this.#prepared;
  }
}

const firstOf = (statements: Statements, row: AppendRow): FirstRow | undefined =>
  statements.first.get([row.conversationId, row.senderId, row.clientId]) as FirstRow | undefined;

function store(statements: Statements, row: AppendRow): AppendResult {
  // Asked again, since an earlier row of this batch may have stored it.
  const first = firstOf(statements, row);
  if (first !== undefined) {
    if (first.is_event === 1 || asText(first.body) !== row.body.toWellFormed()) return { kind: 'conflict' };
    return { kind: 'duplicate', seq: first.seq, messageId: first.id, sentAtUs: first.sent_at };
  }
  const { conversationId, senderId, recipientId, clientId, body, sentAtUs } = row;
  const { last_seq: seq } = statements.moveHead.get([conversationId]) as { last_seq: Seq };
  const values = [conversationId, seq, senderId, recipientId, clientId, body, sentAtUs];
  const { id } = statements.insert.get(values) as { id: MessageId };
  return { kind: 'stored', seq, messageId: id, sentAtUs };
}
