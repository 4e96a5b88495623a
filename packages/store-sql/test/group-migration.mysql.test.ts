import { afterAll, describe, expect, it } from 'vitest';
import { MYSQL_MIGRATIONS } from '../src/mysql/migrations.ts';
import { MysqlConnection } from '../src/mysql/mysql-connection.ts';
import { migrateMysql } from '../src/mysql/mysql-schema.ts';
import { groupGoesOn, writeBeforeGroups } from './group-migration-cases.ts';
import { TestDatabase } from './mysql-harness.ts';

describe('the first schema: MySQL', () => {
  const database = new TestDatabase();
  afterAll(() => database.drop());

  it('members and messages of it go on in this one, wherever the migration was cut off before', async () => {
    await database.createLatin1();
    const { host, port = 3306, user, password, database: name } = database.options;
    const connection = await MysqlConnection.open(
      { host, port, user, password, database: name },
      { connectTimeoutMs: 5_000, queryTimeoutMs: 20_000, sessionIdleTimeoutMs: 60_000, lockWaitTimeoutMs: 5_000 },
      { multipleStatements: false },
    );
    await migrateMysql(connection, name, MYSQL_MIGRATIONS.slice(0, 1));
    await writeBeforeGroups((text) => database.run(text), "'2026-01-02 03:04:05.000006'");
    const groups = MYSQL_MIGRATIONS[1];
    if (groups?.name !== 'groups') throw new Error('no such migration');
    const cuts = groups.statements.flatMap((statement, index) =>
      /^(EXECUTE|ALTER|CREATE)/.test(statement) ? [index + 1] : [],
    );
    expect(cuts.length).toBeGreaterThan(5);
    for (const cut of cuts) for (const statement of groups.statements.slice(0, cut)) await connection.query(statement);
    connection.close();
    const stores = await database.open();
    expect(await stores.migrate()).toEqual({ from: 1, to: MYSQL_MIGRATIONS.length });
    await groupGoesOn(stores);
  });
});
