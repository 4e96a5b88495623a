import { silentLog } from '@parley/core/testing';
import { type MariadbService, type RedisService, startMariadb, startRedis } from '@parley/local-services';
import { openMysqlStore } from '@parley/store-sql';
import type { RowDataPacket } from 'mysql2';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { loadConfig, type RunningEdge, startEdge } from '../src/index.ts';

const HEAD = 7;
const PARALLEL = 8;

interface Device {
  readonly userId: number;
  readonly personal: readonly number[];
  readonly groups: readonly number[];
}

/** What it costs the database that a device comes back which has missed nothing, by the server's own log of statements (issue 4: one read). */
describe('a resume with nothing missed', () => {
  let database: MariadbService;
  let redis: RedisService;
  let edge: RunningEdge;
  let connection: Connection;
  let epoch: string;
  const devices = new Map<number, Device>();

  beforeAll(async () => {
    database = await startMariadb({ variables: { log_output: 'TABLE' } });
    redis = await startRedis();
    const { host, port, user, password } = database;
    const address = { host, port, user, password, database: database.database };
    const stores = await openMysqlStore(address);
    await stores.migrate();
    connection = await createConnection(address);
    let lastUser = 0;
    const open = async (conversations: number): Promise<Device> => {
      const userId = ++lastUser;
      const peers = Array.from({ length: conversations }, () => ++lastUser);
      await stores.conversations.ensureUsers([userId]);
      await stores.conversations.ensureUsers(peers);
      const [personal, groups]: [number[], number[]] = [[], []];
      const openOne = async (peer: number): Promise<void> => {
        const group = { creatorId: userId, memberIds: [userId, peer], name: 'G', description: '', history: false };
        const init =
          peer % 2 === 0
            ? await stores.conversations.openPersonal(userId, peer)
            : await stores.conversations.createGroup(group);
        if (!init.ok) throw new Error('not opened');
        (peer % 2 === 0 ? personal : groups).push(init.conversationId);
      };
      const waiting = [...peers];
      const worker = async (): Promise<void> => {
        for (let peer = waiting.pop(); peer !== undefined; peer = waiting.pop()) await openOne(peer);
      };
      await Promise.all(Array.from({ length: PARALLEL }, worker));
      return { userId, personal, groups };
    };
    for (const conversations of [20, 1_000]) devices.set(conversations, await open(conversations));
    await connection.query('UPDATE conversations SET last_seq = ?', [HEAD]);
    await connection.query('UPDATE members SET delivered_seq = ?', [HEAD]);
    await stores.close();
    const env = {
      ...{ mysql_host: host, mysql_port: String(port), mysql_user: user, mysql_password: password },
      ...{ db_name: database.database, REDIS_URL: redis.url, PORT: '0', PARLEY_ADMIN_PORT: '0' },
      ...{ PARLEY_AUTH: 'development', PARLEY_DRAIN_MS: '2000' },
    };
    edge = await startEdge(loadConfig(env), silentLog);
    const first = await resume(edge.url, { userId: ++lastUser, personal: [], groups: [] }, undefined);
    epoch = String(JSON.parse(first[0] ?? '{}').epoch);
  }, 120_000);

  afterAll(async () => {
    await edge?.stop();
    await connection?.end();
    await redis?.stop();
    await database?.stop();
  });

  /** Statements of the node while `act` runs, those aside that it says by the clock. */
  const statements = async (act: () => Promise<void>): Promise<string[]> => {
    await connection.query('TRUNCATE TABLE mysql.general_log');
    await connection.query('SET GLOBAL general_log = 1');
    await act();
    await connection.query('SET GLOBAL general_log = 0');
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT CONVERT(argument USING utf8mb4) AS text FROM mysql.general_log
        WHERE command_type IN ('Query', 'Execute') AND thread_id <> CONNECTION_ID()`,
    );
    return rows.map(({ text }) => String(text));
  };

  for (const conversations of [20, 1_000]) {
    it(`of ${conversations} conversations is one read of the database, and no write`, async () => {
      const device = devices.get(conversations);
      if (device === undefined) throw new Error('no device');
      let frames: readonly string[] = [];
      const said = await statements(async () => {
        frames = await resume(edge.url, device, epoch);
      });
      const types = frames.map((frame) => (JSON.parse(frame) as { type: string }).type);
      expect(types).toEqual(['welcome', ...Array(conversations).fill('synced'), 'sync_complete']);
      expect(frames.filter((frame) => frame.includes('"recovered":0'))).toHaveLength(conversations);
      expect(said).toEqual([expect.stringMatching(/^SELECT .*users.*members.*conversations/)]);
    });
  }
});

/** Everything that is said from `hello` to `sync_complete`. */
function resume(url: string, { userId, personal, groups }: Device, epoch: string | undefined): Promise<string[]> {
  const cursors = Object.fromEntries([...personal, ...groups].map((id) => [id, HEAD]));
  const frames: string[] = [];
  const socket = new WebSocket(url);
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => resolve(frames));
    socket.once('open', () => {
      socket.send(JSON.stringify({ type: 'hello', v: 2, user_id: userId, cursors, groups, epoch, status_of: [] }));
    });
    socket.on('message', (data) => {
      frames.push(String(data));
      if (frames.at(-1)?.startsWith('{"type":"sync_complete"')) socket.close();
    });
  });
}
