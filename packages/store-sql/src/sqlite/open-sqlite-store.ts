import { refusal } from '@parley/core';
import { Kysely, SqliteDialect } from 'kysely';
import { SqlConversationReader } from '../conversation-reader-sql.ts';
import { SqlConversationStore } from '../conversation-store-sql.ts';
import { readEpoch, renewEpoch } from '../epoch-sql.ts';
import { SqlGroupStore } from '../group-store-sql.ts';
import { SqlInspector } from '../inspector-sql.ts';
import { SqlMarkStore } from '../mark-store-sql.ts';
import { assertSchemaVersion, type MigrationSession, runMigrations } from '../migrator.ts';
import { SqlProfileReader } from '../profile-reader-sql.ts';
import type { ChatSchema } from '../schema.ts';
import { SchemaError } from '../schema-error.ts';
import type { SqlStores } from '../sql-stores.ts';
import { SqlUserStore } from '../user-store-sql.ts';
import { SqliteMessageStore } from './message-store-sqlite.ts';
import { SQLITE_MIGRATIONS } from './migrations.ts';
import { SqliteReceiptStore } from './receipt-store-sqlite.ts';
import { closeDatabase, type Database, openDatabase } from './sqlite-database.ts';
import { sqliteFailure } from './sqlite-error.ts';
import { sqliteFlavor } from './sqlite-flavor.ts';
import { SqliteWriter } from './sqlite-writer.ts';
import { StatementCache } from './statement-cache.ts';

export interface SqliteStoreOptions {
  /** The file; it and its folder are created. */
  readonly path: string;
}

/** Rejects with a `DatabaseInUseError` when another process has the file open. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqlStores> {
  return openSqliteStoreOn(openDatabase(options.path));
}

/** The stores on an open database, which they close. */
export function openSqliteStoreOn(database: Database): SqlStores {
  const guard = refuseWhenClosed(database);
  const statements = new StatementCache(guard);
  const db = new Kysely<ChatSchema>({ dialect: new SqliteDialect({ database: statements }) });
  const writer = new SqliteWriter(db, guard);
  const run = async (text: string, values: readonly (string | number)[] = []): Promise<readonly unknown[]> => {
    const statement = guard.prepare(text);
    if (statement.reader) return statement.all(values);
    statement.run(values);
    return [];
  };
  const version = async (): Promise<number | null> => {
    const tables = await run("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'");
    if (tables.length === 0) return null;
    const rows = (await run('SELECT MAX(version) AS version FROM schema_migrations')) as readonly {
      version: number | null;
    }[];
    return rows[0]?.version ?? null;
  };
  const session: MigrationSession = {
    run,
    atomically: async (steps) => {
      await run('BEGIN IMMEDIATE');
      try {
        await steps();
        await run('COMMIT');
      } catch (error) {
        if (guard.inTransaction) await run('ROLLBACK');
        throw error;
      }
    },
    version,
  };
  // The connection is shared, so each takes its turn on it.
  const alone = <T>(work: () => Promise<T>): Promise<T> =>
    db.connection().execute(() => work().catch((error: unknown) => Promise.reject(wrap(error))));
  let closing: Promise<void> | null = null;

  return {
    messages: new SqliteMessageStore(db, sqliteFlavor, guard, writer),
    conversations: new SqlConversationStore(db, sqliteFlavor, new SqlProfileReader(db, sqliteFlavor)),
    receipts: new SqliteReceiptStore(guard, writer),
    groups: new SqlGroupStore(db, sqliteFlavor, new SqlUserStore(db, sqliteFlavor)),
    reader: new SqlConversationReader(db, sqliteFlavor),
    inspector: new SqlInspector(db, sqliteFlavor),
    migrate: () => alone(() => runMigrations(session, SQLITE_MIGRATIONS)),
    schemaVersion: () => alone(version),
    assertSchema: async () => assertSchemaVersion(await alone(version), SQLITE_MIGRATIONS),
    epoch: () => readEpoch(db, sqliteFlavor),
    renewEpoch: () => renewEpoch(db, sqliteFlavor),
    thinMarks: (thinning) => new SqlMarkStore(db, sqliteFlavor).thin(thinning),
    ping: async () => {
      await alone(() => run('SELECT 1'));
    },
    close: () => {
      closing ??= db.connection().execute(async () => statements.close());
      return closing;
    },
  };
}

const wrap = (error: unknown): unknown =>
  error instanceof SchemaError ? error : sqliteFailure(error, 'not_committed');

/** libsql throws a bare TypeError on a closed database; a caller that comes late must be told as by any store. */
function refuseWhenClosed(database: Database): Database {
  let open = true;
  const use = (): Database => {
    if (!open) throw refusal('the store is closed');
    return database;
  };
  return {
    prepare: (text) => use().prepare(text),
    exec: (text) => use().exec(text),
    get inTransaction() {
      return open && database.inTransaction;
    },
    close: () => {
      if (!open) return;
      open = false;
      closeDatabase(database);
    },
  };
}
