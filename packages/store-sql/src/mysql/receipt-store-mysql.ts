import type { ConversationKind, ReceiptBatch, ReceiptStore, Seq } from '@parley/core';
import type { MysqlConnection } from './mysql-connection.ts';
import { isDeadlock, isServerError, mysqlFailure } from './mysql-error.ts';
import type { MysqlPool } from './mysql-pool.ts';
import { cursorMoves, seenRuns } from './receipt-plan.ts';
import { type CursorMove, cursorUpsert, deliveredUpdate, type ReceivedRun, seenUpdate } from './receipt-sql.ts';

const MAX_MOVES_PER_STATEMENT = 256;
const MAX_RUNS_PER_STATEMENT = 128;
const MAX_TRANSACTION_CHARS = 256 * 1024;
const MAX_DEADLOCK_ATTEMPTS = 5;

type MemberRow = readonly [
  userId: number,
  conversationId: number,
  kind: ConversationKind,
  reach: Seq,
  deliveredSeq: Seq,
  seenSeq: Seq,
];

/**
 * Two round trips for a batch of usual size: read the cursors, then one transaction of multi-row statements; none when nothing moves.
 * The cursors are read without a lock: an old one only widens the range, and every statement moves forward only. Messages come before
 * cursors, so that a cursor is never ahead of its messages when a long batch takes several transactions.
 */
export class MysqlReceiptStore implements ReceiptStore {
  readonly #writers: MysqlPool;

  constructor(writers: MysqlPool) {
    this.#writers = writers;
  }

  async apply(batch: ReceiptBatch): Promise<void> {
    const wanted = cursorMoves(batch);
    const runs = seenRuns(batch.seen);
    if (wanted.length === 0 && runs.length === 0) return;
    const connection = await this.#writers.acquire().catch((error: unknown) => {
      throw mysqlFailure(error, 'not_committed');
    });
    try {
      const moves: CursorMove[] = [];
      const delivered: ReceivedRun[] = [];
      for (const part of chunks(wanted, MAX_MOVES_PER_STATEMENT)) await this.#plan(connection, part, moves, delivered);
      const statements = [
        ...chunks(delivered, MAX_RUNS_PER_STATEMENT).map(deliveredUpdate),
        ...chunks(runs, MAX_RUNS_PER_STATEMENT).map(seenUpdate),
        ...chunks(moves, MAX_MOVES_PER_STATEMENT).map(cursorUpsert),
      ];
      for (const text of transactions(statements)) await commit(connection, text);
    } finally {
      this.#writers.release(connection);
    }
  }

  /** Keeps the moves that go forward, within what exists, and finds the messages that they deliver. */
  async #plan(
    connection: MysqlConnection,
    wanted: readonly CursorMove[],
    moves: CursorMove[],
    delivered: ReceivedRun[],
  ): Promise<void> {
    const keys = wanted.map((move) => `(m.user_id=${move.userId} AND m.conversation_id=${move.conversationId})`);
    const text = `SELECT m.user_id,m.conversation_id,c.kind,LEAST(c.last_seq,COALESCE(m.left_seq,c.last_seq)),m.delivered_seq,m.seen_seq \
FROM members m JOIN conversations c ON c.id=m.conversation_id WHERE ${keys.join('OR')}`;
    let rows: readonly MemberRow[];
    try {
      rows = (await connection.query(text, { rowsAsArray: true })) as readonly MemberRow[];
    } catch (error) {
      throw mysqlFailure(error, 'not_committed');
    }
    const members = new Map(rows.map((row) => [`${row[0]} ${row[1]}`, row]));
    for (const move of wanted) {
      const member = members.get(`${move.userId} ${move.conversationId}`);
      if (member === undefined) continue;
      const [userId, conversationId, kind, reach, deliveredSeq, seenSeq] = member;
      const seen = kind === 'group' ? Math.min(move.seenSeq, reach) : 0;
      let toSeq = Math.min(move.deliveredSeq, reach);
      let { deliveredAtUs } = move;
      if (seen > toSeq) {
        toSeq = seen;
        deliveredAtUs = move.seenAtUs;
      }
      if (toSeq <= deliveredSeq && seen <= seenSeq) continue;
      moves.push({ ...move, deliveredSeq: toSeq, deliveredAtUs, seenSeq: seen });
      if (kind === 'personal' && toSeq > deliveredSeq)
        delivered.push({ userId, conversationId, fromSeq: deliveredSeq + 1, toSeq, atUs: deliveredAtUs });
    }
  }
}

interface ReceiptTransaction {
  readonly text: string;
  /** Statements before COMMIT. */
  readonly statements: number;
}

/** The server stops at the first statement that fails, so an error before COMMIT's turn means that nothing of it is stored. */
async function commit(connection: MysqlConnection, { text, statements }: ReceiptTransaction): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    let done = 0;
    const onDone = () => {
      done += 1;
    };
    try {
      await connection.query(text, { onDone });
      return;
    } catch (error) {
      if (connection.usable) await connection.query('ROLLBACK').catch(() => connection.destroy());
      if (isDeadlock(error) && connection.usable && attempt < MAX_DEADLOCK_ATTEMPTS) continue;
      const refused = isServerError(error) && done < statements;
      throw mysqlFailure(error, refused ? 'not_committed' : 'unknown');
    }
  }
}

function* transactions(statements: readonly string[]): Generator<ReceiptTransaction> {
  let text = 'BEGIN;';
  let count = 1;
  for (const statement of statements) {
    text += `${statement};`;
    count += 1;
    if (text.length < MAX_TRANSACTION_CHARS) continue;
    yield { text: `${text}COMMIT`, statements: count };
    text = 'BEGIN;';
    count = 1;
  }
  if (count > 1) yield { text: `${text}COMMIT`, statements: count };
}

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
