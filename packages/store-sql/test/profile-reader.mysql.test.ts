import { Room } from '@parley/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SqlStores } from '../src/index.ts';
import { MysqlConnection } from '../src/mysql/mysql-connection.ts';
import { MysqlPool } from '../src/mysql/mysql-pool.ts';
import { MysqlProfileReader } from '../src/mysql/profile-reader-mysql.ts';
import type { ProfileReader } from '../src/profile-reader-sql.ts';
import { server, TestDatabase } from './mysql-harness.ts';

const LIMITS = {
  connectTimeoutMs: 5_000,
  queryTimeoutMs: 5_000,
  sessionIdleTimeoutMs: 60_000,
  lockWaitTimeoutMs: 2_000,
};

/** What `profilesOf` promises is in the contract of the stores. */
describe('profiles in one row per user: MySQL', () => {
  const database = new TestDatabase();
  let stores: SqlStores;
  let room: Room;
  const pools: MysqlPool[] = [];

  beforeAll(async () => {
    stores = await database.open();
    await stores.migrate();
    room = await Room.group(stores, 3);
    const others = Array.from({ length: 30 }, (_, at) => room.user(1) + 1_000 + at);
    await stores.conversations.ensureUsers(others);
    for (const other of others) await stores.conversations.openPersonal(room.user(0), other);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.close()));
    await database.drop();
  });

  /** On sessions that cut texts off there. */
  const reader = (maxTextBytes: number, byRow: ProfileReader): MysqlProfileReader => {
    const connect = async (): Promise<MysqlConnection> => {
      const address = { ...server, database: database.options.database };
      const connection = await MysqlConnection.open(address, LIMITS, { multipleStatements: false });
      await connection.query(`SET SESSION group_concat_max_len = ${maxTextBytes}`);
      return connection;
    };
    const bounds = {
      maxConnections: 1,
      maxWaiting: 10,
      acquireTimeoutMs: 5_000,
      keepAliveMs: 20_000,
      closeTimeoutMs: 1,
    };
    pools.push(new MysqlPool({ connect, ...bounds }));
    return new MysqlProfileReader(pools.at(-1) as MysqlPool, byRow);
  };

  it('G4 a list that the server has cut off is read row by row', async () => {
    const userIds = [room.user(0), room.user(1)];
    const whole = await stores.conversations.profilesOf(userIds);
    expect(whole.get(room.user(0))?.memberships).toHaveLength(31);
    let byRow = 0;
    const counted: ProfileReader = {
      profilesOf: (ids) => {
        byRow++;
        return stores.conversations.profilesOf(ids);
      },
    };
    for (const maxTextBytes of [64, 100, 500]) {
      expect(await reader(maxTextBytes, counted).profilesOf(userIds)).toEqual(whole);
      expect(byRow).toBe(1);
      byRow = 0;
    }
    expect(await reader(1_000_000, counted).profilesOf(userIds)).toEqual(whole);
    expect(byRow).toBe(0);
  });
});
