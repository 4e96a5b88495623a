import { StoreError } from '@parley/core';
import type { Kysely, Transaction } from 'kysely';
import type { ChatSchema } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';

const MAX_DEADLOCK_ATTEMPTS = 5;

/** Runs a call and turns whatever it throws into a `StoreError`; for reads and single statements that may be repeated. */
export async function guarded<T>(flavor: SqlFlavor, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (error instanceof StoreError) throw error;
      if (attempt < MAX_DEADLOCK_ATTEMPTS && flavor.isDeadlock(error)) continue;
      throw flavor.failure(error, 'not_committed');
    }
  }
}

/** What a transaction's work returns when nothing that it wrote is to stay. */
export class Undone<T> {
  readonly result: T;
  constructor(result: T) {
    this.result = result;
  }
}

/**
 * Runs `work` in a transaction, which is rolled back when that returns an `Undone`. An error before COMMIT is thrown as it came, after a rollback; an error of COMMIT itself is a
 * `StoreError` with the outcome `unknown`. The rollback is also what gives the connection back.
 */
export async function inTransaction<T>(
  db: Kysely<ChatSchema>,
  flavor: SqlFlavor,
  work: (transaction: Transaction<ChatSchema>) => Promise<T | Undone<T>>,
): Promise<T> {
  const transaction = await db.startTransaction().execute();
  const rollback = () => transaction.rollback().execute().catch(ignore);
  let result: T | Undone<T>;
  try {
    result = await work(transaction);
  } catch (error) {
    await rollback();
    throw error;
  }
  if (result instanceof Undone) {
    await rollback();
    return result.result;
  }
  try {
    await transaction.commit().execute();
  } catch (error) {
    await rollback();
    throw flavor.failure(error, 'unknown');
  }
  return result;
}

// A rollback fails only on a connection that is gone, and with it the transaction.
const ignore = () => undefined;
