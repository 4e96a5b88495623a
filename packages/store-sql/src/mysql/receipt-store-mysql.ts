import {
  type MemberReceipts,
  type ReceiptBatch,
  type ReceiptStore,
  receiptsByMember,
  type StatusChange,
} from '@parley/core';
import type { MysqlConnection } from './mysql-connection.ts';
import { isDeadlock, isServerError, mysqlFailure } from './mysql-error.ts';
import type { MysqlPool } from './mysql-pool.ts';
import { beginReceipts } from './receipt-transaction.ts';

/** Of one transaction: locks are held for two round trips. */
const MAX_MEMBERS_PER_TRANSACTION = 256;
const MAX_SEEN_PER_TRANSACTION = 2_048;
const MAX_DEADLOCK_ATTEMPTS = 5;

/**
 * A batch of usual size is one transaction of two round trips: (1) lock the members' rows in the order of their primary key, read them and their conversations; (2)
 * multi-row statements and COMMIT. A long list of `seen` takes several transactions. Only the recipient's receipts write the rows that the lock stands for.
 */
export class MysqlReceiptStore implements ReceiptStore {
  readonly #writers: MysqlPool;

  constructor(writers: MysqlPool) {
    this.#writers = writers;
  }

  async apply(batch: ReceiptBatch): Promise<readonly StatusChange[]> {
    const wanted = receiptsByMember(batch);
    if (wanted.length === 0) return [];
    const connection = await this.#writers.acquire().catch((error: unknown) => {
      throw mysqlFailure(error, 'not_committed');
    });
    const changes = new Map<string, StatusChange>();
    let committed = false;
    try {
      for (const part of parts(wanted)) {
        for (const change of await commit(connection, part, batch.again === true, committed)) {
          const key = `${change.userId} ${change.conversationId}`;
          changes.set(key, merged(changes.get(key), change));
        }
        committed = true;
      }
    } finally {
      this.#writers.release(connection);
    }
    return [...changes.values()];
  }
}

/** `tainted`: an earlier transaction of the call is committed, so that the call as a whole is not `not_committed`. */
async function commit(
  connection: MysqlConnection,
  wanted: readonly MemberReceipts[],
  again: boolean,
  tainted: boolean,
): Promise<readonly StatusChange[]> {
  const refused = tainted ? 'unknown' : 'not_committed';
  for (let attempt = 1; ; attempt += 1) {
    let writing = 0;
    let done = 0;
    const onDone = (): void => {
      done += 1;
    };
    try {
      const { statements, changes } = await beginReceipts(connection, wanted, again);
      writing = statements.length;
      await connection.query([...statements, 'COMMIT'].join(';'), { onDone });
      return changes;
    } catch (error) {
      // The server stops at the first statement that fails, so one before COMMIT's turn means that nothing of it is stored.
      const stored = writing > 0 && !(isServerError(error) && done < writing);
      if (connection.usable) await connection.query('ROLLBACK').catch(() => connection.destroy());
      if (isDeadlock(error) && connection.usable && attempt < MAX_DEADLOCK_ATTEMPTS) continue;
      throw mysqlFailure(error, stored ? 'unknown' : refused);
    }
  }
}

/** At most so many members and messages each; a member whose list is longer is in several. */
function* parts(wanted: readonly MemberReceipts[]): Generator<MemberReceipts[]> {
  let part: MemberReceipts[] = [];
  let seen = 0;
  for (const receipts of wanted) {
    const named = [...receipts.seen];
    for (let at = 0; at === 0 || at < named.length; at += MAX_SEEN_PER_TRANSACTION) {
      const some = named.slice(at, at + MAX_SEEN_PER_TRANSACTION);
      const full = part.length === MAX_MEMBERS_PER_TRANSACTION || seen + some.length > MAX_SEEN_PER_TRANSACTION;
      if (full && part.length > 0) {
        yield part;
        part = [];
        seen = 0;
      }
      part.push({ ...receipts, seen: new Map(some) });
      seen += some.length;
    }
  }
  if (part.length > 0) yield part;
}

/** Of two transactions of one call. */
function merged(first: StatusChange | undefined, second: StatusChange): StatusChange {
  if (first === undefined) return second;
  const { previousDeliveredSeq, previousSeenSeq } = first;
  const seenMessageIds = [...new Set([...first.seenMessageIds, ...second.seenMessageIds])];
  return { ...second, previousDeliveredSeq, previousSeenSeq, seenMessageIds };
}
