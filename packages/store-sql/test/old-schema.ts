import { MYSQL_MIGRATIONS } from '../src/mysql/migrations.ts';
import { MysqlConnection } from '../src/mysql/mysql-connection.ts';
import { createDatabase, migrateMysql } from '../src/mysql/mysql-schema.ts';
import type { TestDatabase } from './mysql-harness.ts';

const LIMITS = {
  connectTimeoutMs: 5_000,
  queryTimeoutMs: 20_000,
  sessionIdleTimeoutMs: 60_000,
  lockWaitTimeoutMs: 5_000,
};

/** Makes the database with the schema of an earlier version. @returns a connection to it, which the caller closes */
export async function withSchemaOf({ options }: TestDatabase, version: number): Promise<MysqlConnection> {
  const { host, port = 3306, user, password, database: name } = options;
  const connect = (database: string | null) =>
    MysqlConnection.open({ host, port, user, password, database }, LIMITS, { multipleStatements: false });
  const server = await connect(null);
  await createDatabase(server, name);
  server.close();
  const connection = await connect(name);
  await migrateMysql(connection, name, MYSQL_MIGRATIONS.slice(0, version));
  return connection;
}
