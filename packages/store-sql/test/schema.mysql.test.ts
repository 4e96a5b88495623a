import { commit, Room } from '@parley/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SchemaError } from '../src/index.ts';
import { MYSQL_MIGRATIONS } from '../src/mysql/migrations.ts';
import { attemptAppend } from '../src/mysql/mysql-append.ts';
import { MysqlConnection } from '../src/mysql/mysql-connection.ts';
import { TestDatabase } from './mysql-harness.ts';

const LATEST = MYSQL_MIGRATIONS.length;

describe('the schema on MySQL', () => {
  const database = new TestDatabase();
  afterAll(() => database.drop());

  it('is absent, made once by eight nodes at the same time, then this build’s', async () => {
    const nodes = await Promise.all(Array.from({ length: 8 }, () => database.open()));
    const [node] = nodes as [Awaited<ReturnType<typeof database.open>>];
    await expect(node.assertSchema()).rejects.toThrow(/no Parley schema.*Run: npx parley migrate/);
    expect(await node.schemaVersion()).toBe(null);
    const reports = await Promise.all(nodes.map((each) => each.migrate()));
    expect(reports.filter((report) => report.from === null)).toEqual([{ from: null, to: LATEST }]);
    expect(reports.filter((report) => report.from === LATEST)).toHaveLength(7);
    expect(await node.schemaVersion()).toBe(LATEST);
    await node.assertSchema();
    const epochs = new Set(await Promise.all(nodes.map((each) => each.epoch())));
    expect([...epochs]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  });

  it('is resumed after a migration that was cut off, with the same epoch', async () => {
    const node = await database.open();
    await node.migrate();
    const epoch = await node.epoch();
    await database.run('DELETE FROM schema_migrations');
    await database.run('DROP TABLE messages');
    await expect(node.assertSchema()).rejects.toBeInstanceOf(SchemaError);
    expect(await node.migrate()).toEqual({ from: null, to: LATEST });
    expect(await node.epoch()).toBe(epoch);
    const room = await Room.group(node);
    expect(await commit(node.messages, room.rows(1))).toMatchObject([{ kind: 'stored', seq: 1 }]);
  });

  it('is refused, and left alone, when it is newer or older than this build', async () => {
    const node = await database.open();
    await node.migrate();
    await database.run("INSERT INTO schema_migrations (version, name) VALUES (99, 'later')");
    await expect(node.assertSchema()).rejects.toMatchObject({ state: 'newer', message: /npx parley migrate/ });
    await expect(node.migrate()).rejects.toMatchObject({ state: 'newer' });
    await database.run('UPDATE schema_migrations SET version = 0 WHERE version = 1');
    await database.run('DELETE FROM schema_migrations WHERE version > 0');
    await expect(node.assertSchema()).rejects.toMatchObject({ state: 'older', message: /Run: npx parley migrate/ });
    expect(await node.migrate()).toEqual({ from: 0, to: LATEST });
    await node.assertSchema();
  });
});

describe('a session on MySQL', () => {
  const database = new TestDatabase();
  let connection: MysqlConnection;
  beforeAll(async () => {
    await (await database.open()).migrate();
    const { host, port = 3306, user, password, database: name } = database.options;
    connection = await MysqlConnection.open(
      { host, port, user, password, database: name },
      { connectTimeoutMs: 3_000, queryTimeoutMs: 3_000, sessionIdleTimeoutMs: 7_000, lockWaitTimeoutMs: 4_000 },
      { multipleStatements: true },
    );
  });
  afterAll(async () => {
    connection.close();
    await database.drop();
  });

  it('leaves nothing to the server’s configuration', async () => {
    const variable = async (name: string): Promise<unknown> => {
      const rows = (await connection.query(`SHOW SESSION VARIABLES WHERE Variable_name IN (${name})`)) as {
        Value: unknown;
      }[];
      return rows[0]?.Value;
    };
    // MariaDB and MySQL name this one differently.
    expect(await variable("'tx_isolation', 'transaction_isolation'")).toBe('READ-COMMITTED');
    expect(await variable("'time_zone'")).toBe('+00:00');
    expect(await variable("'wait_timeout'")).toBe('7');
    expect(await variable("'innodb_lock_wait_timeout'")).toBe('4');
    expect(await variable("'character_set_client'")).toBe('utf8mb4');
    expect(await variable("'character_set_connection'")).toBe('utf8mb4');
    const mode = String(await variable("'sql_mode'"));
    expect(mode).toContain('STRICT_TRANS_TABLES');
    expect(mode).not.toMatch(/NO_BACKSLASH_ESCAPES|ANSI_QUOTES/);
  });

  it('names the ids that the server gave, also where they go up in steps', async () => {
    await connection.query('SET SESSION auto_increment_increment = 3, SESSION auto_increment_offset = 2');
    connection.autoIncrementStep = 3;
    const stores = await database.open();
    const room = await Room.group(stores);
    const attempt = await attemptAppend(connection, room.rows(4));
    if (attempt.kind !== 'stored') throw new Error(attempt.kind);
    const rows = await database.run<{ id: number }>('SELECT id FROM messages WHERE conversation_id = ? ORDER BY seq', [
      room.conversationId,
    ]);
    expect(attempt.results.map((result) => (result as { messageId: number }).messageId)).toEqual(
      rows.map((row) => row.id),
    );
    expect(rows[1]!.id - rows[0]!.id).toBe(3);
  });
});
