import { StoreError } from '@parley/core';
import type { Kysely } from 'kysely';
import type { ChatSchema } from '../schema.ts';
import type { Database } from './sqlite-database.ts';
import { sqliteFailure } from './sqlite-error.ts';

/**
 * Runs synchronous transactions on the one connection. Kysely's transactions give way between their statements, so a turn is taken through
 * Kysely's own lock on the connection.
 */
export class SqliteWriter {
  readonly #db: Kysely<ChatSchema>;
  readonly #database: Database;

  constructor(db: Kysely<ChatSchema>, database: Database) {
    this.#db = db;
    this.#database = database;
  }

  /** `work` must not wait for anything. What it throws rolls back; an error of COMMIT has the outcome `unknown`. */
  transaction<T>(work: () => T): Promise<T> {
    return this.#db.connection().execute(async () => {
      const database = this.#database;
      let result: T;
      try {
        database.exec('BEGIN IMMEDIATE');
        result = work();
      } catch (error) {
        this.#rollBack();
        throw sqliteFailure(error, 'not_committed');
      }
      try {
        database.exec('COMMIT');
      } catch (error) {
        this.#rollBack();
        throw sqliteFailure(error, 'unknown');
      }
      return result;
    });
  }

  #rollBack(): void {
    try {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
    } catch (error) {
      throw new StoreError('the database cannot roll back', { outcome: 'unknown', retryable: false, cause: error });
    }
  }
}
