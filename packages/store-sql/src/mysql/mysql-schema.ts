import { createHash } from 'node:crypto';
import { type Migration, type MigrationReport, type MigrationSession, runMigrations } from '../migrator.ts';
import type { MysqlConnection } from './mysql-connection.ts';
import { isMissingTable } from './mysql-error.ts';

/** How long a migration may take, and how long another node waits for it. */
const MIGRATION_TIMEOUT_MS = 600_000;

export async function readVersion(run: (text: string) => Promise<unknown>): Promise<number | null> {
  try {
    const rows = (await run('SELECT MAX(version) AS version FROM schema_migrations')) as readonly {
      version: number | null;
    }[];
    return rows[0]?.version ?? null;
  } catch (error) {
    if (isMissingTable(error)) return null;
    throw error;
  }
}

/** Creates the database itself when it is absent, for `parley migrate` on a fresh server. */
export async function createDatabase(connection: MysqlConnection, database: string): Promise<void> {
  const name = `\`${database.replaceAll('`', '``')}\``;
  await connection.query(`CREATE DATABASE IF NOT EXISTS ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
}

/**
 * Runs the migrations under a named lock of the server, held by this session: of many nodes one works, the others wait and then find
 * nothing left to do. Lock names belong to the whole server, so the database's name is in it (hashed: at most 64 characters). The lock
 * is one server's: with several primaries (Galera, group replication) migrate through one of them.
 */
export async function migrateMysql(
  connection: MysqlConnection,
  database: string,
  migrations: readonly Migration[],
): Promise<MigrationReport> {
  const lock = `parley.${createHash('sha256').update(database).digest('hex').slice(0, 40)}`;
  const run = async (text: string, values: readonly (string | number)[] = []): Promise<readonly unknown[]> => {
    const result = await connection.query(text, { values, timeoutMs: MIGRATION_TIMEOUT_MS });
    return Array.isArray(result) ? result : [];
  };
  const rows = (await run(`SELECT GET_LOCK(?, ${MIGRATION_TIMEOUT_MS / 1000}) AS taken`, [lock])) as readonly {
    taken: number | null;
  }[];
  if (rows[0]?.taken !== 1) throw new Error('another node has been migrating this database for 10 minutes');
  const session: MigrationSession = {
    run,
    // DDL commits by itself; each statement can be repeated instead.
    atomically: (steps) => steps(),
    version: () => readVersion(run),
  };
  try {
    return await runMigrations(session, migrations);
  } finally {
    // A session that is gone has released it.
    if (connection.usable) await run('SELECT RELEASE_LOCK(?)', [lock]);
  }
}
