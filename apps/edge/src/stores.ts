import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openMysqlStore, openSqliteStore, type SqlStores } from '@parley/store-sql';
import type { EdgeConfig, MysqlTlsConfig } from './config.ts';
import { ConfigError } from './config-error.ts';

/** The embedded store's file within the data folder. */
export const SQLITE_FILE = 'parley.sqlite';

/** Opens the store that the configuration names; its schema is looked at by the caller. */
export async function openStores(config: EdgeConfig): Promise<SqlStores> {
  const { store } = config;
  if (store.kind === 'sqlite') return await openSqliteStore({ path: join(store.dataDir, SQLITE_FILE) });
  const { host, port, user, password, database, connections } = store;
  return await openMysqlStore({
    ...{ host, port, user, password, database },
    // Each lane has one transaction under way, and receipts are written beside them.
    maxWriteConnections: (config.engine.lanes ?? 2) + 2,
    maxReadConnections: connections,
    ...(store.tls === null ? {} : { tls: tlsOf(store.tls) }),
  });
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
