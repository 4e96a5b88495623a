import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openMysqlStore, openSqliteStore, type SqlStores } from '@parley/store-sql';
import type { EdgeConfig, MysqlTlsConfig } from './config.ts';
import { ConfigError } from './config-error.ts';

/** The embedded store's file within the data folder. */
export const SQLITE_FILE = 'parley.sqlite';

/** What keeps a folder from being made or written. */
const FOLDER_TROUBLE: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EEXIST: 'it is a file, not a folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of it is a file, not a folder',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  SQLITE_CANTOPEN: 'this user may not open the file in it',
  SQLITE_NOTADB: 'the file in it is not a database',
  SQLITE_READONLY: 'this user may not write the file in it',
};

/** Opens the store that the configuration names; its schema is looked at by the caller. */
export async function openStores(config: EdgeConfig): Promise<SqlStores> {
  const { store } = config;
  if (store.kind === 'sqlite') return await openEmbedded(store.dataDir);
  const { host, port, user, password, database, connections } = store;
  return await openMysqlStore({
    ...{ host, port, user, password, database },
    // Each lane has one transaction under way, and receipts are written beside them.
    maxWriteConnections: (config.engine.lanes ?? 2) + 2,
    maxReadConnections: connections,
    ...(store.tls === null ? {} : { tls: tlsOf(store.tls) }),
  });
}

async function openEmbedded(dataDir: string): Promise<SqlStores> {
  try {
    return await openSqliteStore({ path: join(dataDir, SQLITE_FILE) });
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    // libsql gives SQLITE_CANTOPEN (14) in its message only.
    const why = FOLDER_TROUBLE[message.includes('Unable to open') ? 'SQLITE_CANTOPEN' : code];
    if (why === undefined) throw error;
    throw new ConfigError([`PARLEY_DATA_DIR (${dataDir}) cannot be used: ${why}.`]);
  }
}

function tlsOf({ caFile }: MysqlTlsConfig): { ca?: string; rejectUnauthorized: true } {
  if (caFile === null) return { rejectUnauthorized: true };
  try {
    return { ca: readFileSync(caFile, 'utf8'), rejectUnauthorized: true };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'it cannot be read';
    throw new ConfigError([`PARLEY_MYSQL_CA_FILE (${caFile}) cannot be used: ${code}.`]);
  }
}
