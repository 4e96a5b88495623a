import { afterAll, describe, it } from 'vitest';
import { MYSQL_MIGRATIONS } from '../src/mysql/migrations.ts';
import { MysqlConnection } from '../src/mysql/mysql-connection.ts';
import { createDatabase, migrateMysql } from '../src/mysql/mysql-schema.ts';
import { TestDatabase } from './mysql-harness.ts';
import { statusesGoOn, writeBeforeCursors } from './receipt-migration-cases.ts';

describe('statuses that were written message by message: MySQL', () => {
  const database = new TestDatabase();
  afterAll(() => database.drop());

  it('G6 keep their times when cursors take over, also when the migration is cut off and run again', async () => {
    const { host, port = 3306, user, password, database: name } = database.options;
    const limits = {
      connectTimeoutMs: 5_000,
      queryTimeoutMs: 20_000,
      sessionIdleTimeoutMs: 60_000,
      lockWaitTimeoutMs: 5_000,
    };
    const server = await MysqlConnection.open({ host, port, user, password, database: null }, limits, {
      multipleStatements: false,
    });
    await createDatabase(server, name);
    server.close();
    const connection = await MysqlConnection.open({ host, port, user, password, database: name }, limits, {
      multipleStatements: false,
    });
    await migrateMysql(connection, name, MYSQL_MIGRATIONS.slice(0, 2));
    await writeBeforeCursors(
      (text) => database.run(text),
      (seconds) => `'2026-01-02 03:04:0${seconds}'`,
    );
    const receipts = MYSQL_MIGRATIONS[2];
    if (receipts === undefined) throw new Error('no such migration');
    // Cut off before its last statement, and before it was noted.
    for (const statement of receipts.statements.slice(0, -1)) await connection.query(statement);
    connection.close();
    const stores = await database.open();
    await stores.migrate();
    await statusesGoOn(
      (text) => database.run(text),
      stores.receipts,
      `TIMESTAMPDIFF(SECOND, '2026-01-02 03:04:00', $)`,
      Date.UTC(2026, 0, 2, 3, 4, 0) * 1_000,
    );
  });
});
