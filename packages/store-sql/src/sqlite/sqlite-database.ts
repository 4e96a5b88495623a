import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { SqliteStatement } from 'kysely';
import Libsql from 'libsql';
import { isBusy } from './sqlite-error.ts';

/** The part of libsql's (better-sqlite3's) interface that is used; its own types miss how parameters are bound. */
export interface Statement extends SqliteStatement {
  get(parameters: readonly unknown[]): unknown;
}

export interface Database {
  prepare(sql: string): Statement;
  exec(sql: string): void;
  readonly inTransaction: boolean;
  close(): void;
}

/** Another process, or another store of this one, has the file open. */
export class DatabaseInUseError extends Error {
  constructor(path: string, cause: unknown) {
    super(
      `The database ${path} is in use by another process. One node at a time can use a data folder: stop the other one, or give this one another PARLEY_DATA_DIR.`,
      { cause },
    );
    this.name = 'DatabaseInUseError';
  }
}

/**
 * Opens the file for this process alone, creating it and its folder. `locking_mode=EXCLUSIVE` keeps the operating system's lock until the
 * file is closed, so it ends with the process, however that dies. `synchronous=FULL`: a commit is on the disk when it returns (G1).
 */
export function openDatabase(path: string): Database {
  const file = resolve(path);
  mkdirSync(dirname(file), { recursive: true });
  const database = new Libsql(file, { timeout: 1_000 } as Libsql.Options) as unknown as Database;
  try {
    for (const setting of ['locking_mode = EXCLUSIVE', 'journal_mode = WAL', 'synchronous = FULL', 'foreign_keys = ON'])
      database.prepare(`PRAGMA ${setting}`).all([]);
    // Takes the lock now rather than with the first write.
    database.exec('BEGIN EXCLUSIVE');
    database.exec('COMMIT');
  } catch (error) {
    database.close();
    throw isBusy(error) ? new DatabaseInUseError(file, error) : error;
  }
  return database;
}

/**
 * libsql keeps the file open, and locked, until the garbage collector has found every statement. So the lock is given back by hand: out of
 * WAL, which also folds the log into the file, then to normal locking, which takes effect with the next read.
 */
export function closeDatabase(database: Database): void {
  try {
    for (const setting of ['journal_mode = DELETE', 'locking_mode = NORMAL'])
      database.prepare(`PRAGMA ${setting}`).all([]);
    database.prepare('SELECT name FROM sqlite_master LIMIT 1').all([]);
  } finally {
    database.close();
  }
}
