import { afterAll, describe, it } from 'vitest';
import { MYSQL_MIGRATIONS } from '../src/mysql/migrations.ts';
import { MysqlConnection } from '../src/mysql/mysql-connection.ts';
import { createDatabase, migrateMysql } from '../src/mysql/mysql-schema.ts';
import { departuresStay, writeBeforeDepartures } from './departure-migration-cases.ts';
import { TestDatabase } from './mysql-harness.ts';

describe('who had left a group before departures were written: MySQL', () => {
  const database = new TestDatabase();
  afterAll(() => database.drop());

  it('G7 knows it as it was at the migration, also when that is cut off and run again, and as it is once it was put back by an older node', async () => {
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
    await migrateMysql(connection, name, MYSQL_MIGRATIONS.slice(0, 3));
    const run = (text: string) => database.run(text);
    await writeBeforeDepartures(run);
    const departures = MYSQL_MIGRATIONS[3];
    if (departures === undefined) throw new Error('no such migration');
    // Cut off before it was noted.
    for (const statement of departures.statements) await connection.query(statement);
    connection.close();
    const stores = await database.open();
    await stores.migrate();
    await departuresStay(run, stores.reader);
  });
});
