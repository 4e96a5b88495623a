import { Kysely, MysqlDialect } from 'kysely';
import type { SslOptions } from 'mysql2';
import { SqlConversationReader } from '../conversation-reader-sql.ts';
import { SqlConversationStore } from '../conversation-store-sql.ts';
import { readEpoch, renewEpoch } from '../epoch-sql.ts';
import { SqlGroupStore } from '../group-store-sql.ts';
import { SqlInspector } from '../inspector-sql.ts';
import { SqlMarkStore } from '../mark-store-sql.ts';
import { assertSchemaVersion } from '../migrator.ts';
import { SqlProfileReader } from '../profile-reader-sql.ts';
import type { ChatSchema } from '../schema.ts';
import type { SqlStores } from '../sql-stores.ts';
import { guarded } from '../transaction.ts';
import { SqlUserStore } from '../user-store-sql.ts';
import { kyselyPool } from './kysely-pool.ts';
import { MysqlMessageStore } from './message-store-mysql.ts';
import { MYSQL_MIGRATIONS } from './migrations.ts';
import { type ConnectionLimits, type MysqlAddress, MysqlConnection } from './mysql-connection.ts';
import { isUnknownDatabase } from './mysql-error.ts';
import { mysqlFlavor } from './mysql-flavor.ts';
import { MysqlPool } from './mysql-pool.ts';
import { createDatabase, migrateMysql, readVersion } from './mysql-schema.ts';
import { MysqlProfileReader } from './profile-reader-mysql.ts';
import { MysqlReceiptStore } from './receipt-store-mysql.ts';

export interface MysqlStoreOptions {
  readonly host: string;
  /** Default 3306. */
  readonly port?: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** TLS, as mysql2 takes it (`ca`, `rejectUnauthorized`, …); absent: none. */
  readonly tls?: SslOptions;
  /** For `append` and receipts: the write lanes, and some. Default 6. */
  readonly maxWriteConnections?: number;
  /** For everything else. Default 8. */
  readonly maxReadConnections?: number;
  /** For changes of groups, which wait for the lock of a conversation's head: many of them must not keep the reads waiting. Default 2. */
  readonly maxChangeConnections?: number;
  /** Calls that may wait for a connection, per pool; one more fails at once. Default 1,000. */
  readonly maxWaiting?: number;
  /** Default 3,000. */
  readonly acquireTimeoutMs?: number;
  /** Default 5,000. A query without an answer by then ends its connection. */
  readonly queryTimeoutMs?: number;
  /** Default 2,000 (whole seconds). How long a statement waits for a row lock. */
  readonly lockWaitTimeoutMs?: number;
  /** Default 10,000 (whole seconds). The server ends a session, and gives up its locks, that says nothing for this long. */
  readonly sessionIdleTimeoutMs?: number;
}

const CLOSE_TIMEOUT_MS = 5_000;

/** Opens no connection yet: the first call does, so that a node can start, and say so, while the database is away. */
export async function openMysqlStore(options: MysqlStoreOptions): Promise<SqlStores> {
  const {
    host,
    port = 3306,
    user,
    password,
    database,
    tls,
    maxWriteConnections = 6,
    maxReadConnections = 8,
    maxChangeConnections = 2,
    maxWaiting = 1_000,
    acquireTimeoutMs = 3_000,
    queryTimeoutMs = 5_000,
    lockWaitTimeoutMs = 2_000,
    sessionIdleTimeoutMs = 10_000,
  } = options;
  const address: MysqlAddress = { host, port, user, password, database, ...(tls === undefined ? {} : { tls }) };
  const limits: ConnectionLimits = {
    connectTimeoutMs: acquireTimeoutMs,
    queryTimeoutMs,
    sessionIdleTimeoutMs,
    lockWaitTimeoutMs,
  };
  const pool = (maxConnections: number, multipleStatements: boolean): MysqlPool =>
    new MysqlPool({
      connect: () => MysqlConnection.open(address, limits, { multipleStatements }),
      maxConnections,
      maxWaiting,
      acquireTimeoutMs,
      keepAliveMs: Math.ceil(sessionIdleTimeoutMs / 3),
      closeTimeoutMs: CLOSE_TIMEOUT_MS,
    });
  const writers = pool(maxWriteConnections, true);
  const readers = pool(maxReadConnections, false);
  const changers = pool(maxChangeConnections, false);
  const kysely = (of: MysqlPool) => new Kysely<ChatSchema>({ dialect: new MysqlDialect({ pool: kyselyPool(of) }) });
  const db = kysely(readers);
  const profiles = new MysqlProfileReader(readers, new SqlProfileReader(db, mysqlFlavor));

  const run = async (text: string): Promise<unknown> => {
    const connection = await readers.acquire();
    try {
      return await connection.query(text);
    } finally {
      readers.release(connection);
    }
  };

  /** Its own connection: it holds the migration lock for longer than any query may take. */
  const openForMigration = async (): Promise<MysqlConnection> => {
    const open = (to: string | null) =>
      MysqlConnection.open({ ...address, database: to }, limits, { multipleStatements: false });
    try {
      return await open(database);
    } catch (error) {
      if (!isUnknownDatabase(error)) throw error;
    }
    const server = await open(null);
    try {
      await createDatabase(server, database);
    } finally {
      server.close();
    }
    return open(database);
  };

  const schemaVersion = async (): Promise<number | null> => {
    try {
      return await readVersion(run);
    } catch (error) {
      if (isUnknownDatabase(error)) return null;
      throw mysqlFlavor.failure(error, 'not_committed');
    }
  };

  return {
    messages: new MysqlMessageStore(db, mysqlFlavor, writers),
    conversations: new SqlConversationStore(db, mysqlFlavor, profiles),
    receipts: new MysqlReceiptStore(writers),
    groups: new SqlGroupStore(kysely(changers), mysqlFlavor, new SqlUserStore(db, mysqlFlavor)),
    reader: new SqlConversationReader(db, mysqlFlavor),
    inspector: new SqlInspector(db, mysqlFlavor),
    migrate: async () => {
      const connection = await openForMigration();
      try {
        return await migrateMysql(connection, database, MYSQL_MIGRATIONS);
      } finally {
        connection.close();
      }
    },
    schemaVersion,
    assertSchema: async () => assertSchemaVersion(await schemaVersion(), MYSQL_MIGRATIONS),
    epoch: () => readEpoch(db, mysqlFlavor),
    renewEpoch: () => renewEpoch(db, mysqlFlavor),
    thinMarks: (thinning) => new SqlMarkStore(db, mysqlFlavor).thin(thinning),
    ping: async () => {
      await guarded(mysqlFlavor, () => run('SELECT 1'));
    },
    close: async () => {
      await Promise.all([writers.close(), readers.close(), changers.close()]);
    },
  };
}
