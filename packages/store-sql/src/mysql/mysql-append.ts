import type { AppendResult, AppendRow, ConversationId, Seq, StoreError } from '@parley/core';
import { headsText, messageInserts } from './append-sql.ts';
import type { MysqlConnection, ResultSetHeader } from './mysql-connection.ts';
import { isDuplicateEntry, isServerError, mysqlFailure } from './mysql-error.ts';

export type AppendAttempt =
  | { readonly kind: 'stored'; readonly results: readonly AppendResult[] }
  /** Rolled back: some row says another members' version than its conversation's; the true ones, 0 where there is no conversation. */
  | { readonly kind: 'stale'; readonly versions: ReadonlyMap<ConversationId, number> }
  /** Rolled back: a client id is taken. */
  | { readonly kind: 'duplicate' };

type HeadRow = readonly [id: number, lastSeq: number, membersVersion: number];

/**
 * The one hot transaction, in two round trips: (1) BEGIN, move and lock the heads, read them; (2) insert the messages, COMMIT. Throws a
 * `StoreError`: `not_committed` as long as no COMMIT can have been carried out, else `unknown`, with the connection destroyed. Leaves
 * the connection outside of a transaction, or destroyed.
 */
export async function attemptAppend(connection: MysqlConnection, rows: readonly AppendRow[]): Promise<AppendAttempt> {
  const counts = new Map<ConversationId, number>();
  for (const row of rows) counts.set(row.conversationId, (counts.get(row.conversationId) ?? 0) + 1);
  const ids = [...counts.keys()].sort((a, b) => a - b);

  const heads = await moveHeads(connection, counts, ids);
  const next = new Map<ConversationId, Seq>();
  const versions = new Map<ConversationId, number>();
  for (const [id, lastSeq, version] of heads) {
    next.set(id, lastSeq - (counts.get(id) as number) + 1);
    versions.set(id, version);
  }
  const seqs: Seq[] = [];
  let stale = false;
  for (const row of rows) {
    const { conversationId } = row;
    stale ||= isStale(row, versions);
    const seq = next.get(conversationId) as Seq;
    seqs.push(seq);
    next.set(conversationId, seq + 1);
  }
  if (stale) {
    await rollBack(connection);
    return { kind: 'stale', versions };
  }
  return insertAndCommit(connection, rows, seqs);
}

/** Version 0: the upsert has just made this row, there is no such conversation. */
export const isStale = (row: AppendRow, versions: ReadonlyMap<ConversationId, number>): boolean =>
  row.membersVersion === 0 || versions.get(row.conversationId) !== row.membersVersion;

async function moveHeads(
  connection: MysqlConnection,
  counts: ReadonlyMap<ConversationId, number>,
  ids: readonly ConversationId[],
): Promise<readonly HeadRow[]> {
  try {
    const results = (await connection.query(headsText(counts, ids), { rowsAsArray: true })) as readonly unknown[];
    return results[2] as readonly HeadRow[];
  } catch (error) {
    throw await abandon(connection, error);
  }
}

async function insertAndCommit(
  connection: MysqlConnection,
  rows: readonly AppendRow[],
  seqs: readonly Seq[],
): Promise<AppendAttempt> {
  const inserts = messageInserts(rows, seqs);
  const results: AppendResult[] = [];
  for (const [index, insert] of inserts.entries()) {
    const last = index === inserts.length - 1;
    let inserted = false;
    const onDone = () => {
      inserted = true;
    };
    let header: ResultSetHeader;
    try {
      const answer = await connection.query(last ? `${insert.text};COMMIT` : insert.text, { onDone });
      header = (last ? (answer as readonly unknown[])[0] : answer) as ResultSetHeader;
    } catch (error) {
      // The server stops at the first statement that fails: one that refused the insert has not come to COMMIT.
      const refused = isServerError(error) && !inserted;
      if (last && !refused) {
        connection.destroy();
        throw mysqlFailure(error, 'unknown');
      }
      if (!isDuplicateEntry(error)) throw await abandon(connection, error);
      await rollBack(connection);
      return { kind: 'duplicate' };
    }
    // The server gives a multi-row insert of known length one run of ids, in every `innodb_autoinc_lock_mode`.
    for (let i = 0; i < insert.rows; i += 1) {
      const row = rows[results.length] as AppendRow;
      results.push({
        kind: 'stored',
        seq: seqs[results.length] as Seq,
        messageId: header.insertId + i * connection.autoIncrementStep,
        sentAtUs: row.sentAtUs,
      });
    }
  }
  return { kind: 'stored', results };
}

async function abandon(connection: MysqlConnection, error: unknown): Promise<StoreError> {
  await rollBack(connection);
  return mysqlFailure(error, 'not_committed');
}

/** Without COMMIT nothing is stored either way; a connection that cannot even roll back is not used again. */
async function rollBack(connection: MysqlConnection): Promise<void> {
  if (!connection.usable) return;
  try {
    await connection.query('ROLLBACK');
  } catch {
    connection.destroy();
  }
}
