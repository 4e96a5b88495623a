import { randomBytes } from 'node:crypto';
import type { Log } from '@parley/core';
import { freePort, type RedisService, startRedis } from '@parley/local-services';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, openStores, type RunningEdge, startEdge } from '../src/index.ts';
import { beginEdge } from '../src/start-edge.ts';
import { ChatClient } from './chat-client.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const { mysql_host = '127.0.0.1', mysql_port = '3306', mysql_user = 'root', mysql_password = '' } = process.env;

let redis: RedisService;
let env: Record<string, string>;
const edges: RunningEdge[] = [];
const clients: ChatClient[] = [];

beforeAll(async () => {
  redis = await startRedis();
  const db_name = `parley_edge_${randomBytes(6).toString('hex')}`;
  env = { mysql_host, mysql_port, mysql_user, mysql_password, db_name, REDIS_URL: redis.url };
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(edges.splice(0).map((edge) => edge.stop()));
});

afterAll(async () => {
  await redis.stop();
});

const config = (more: Record<string, string> = {}) =>
  loadConfig({ ...env, PORT: '0', PARLEY_ADMIN_PORT: '0', PARLEY_DRAIN_MS: '2000', ...more });

async function start(more: Record<string, string> = {}): Promise<RunningEdge> {
  const edge = await startEdge(config(more), silent);
  edges.push(edge);
  return edge;
}

async function client(edge: RunningEdge, user: number): Promise<ChatClient> {
  const one = await ChatClient.signIn(edge.url, user);
  clients.push(one);
  return one;
}

async function readyz(adminUrl: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${adminUrl}/readyz`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('nodes of a cluster', () => {
  it('refuses a database that was not migrated, with the command to run', async () => {
    await expect(start()).rejects.toThrow(/npx parley migrate/);
    const stores = await openStores(config());
    await stores.migrate();
    await stores.close();
    await start();
  });

  it('L4, L16, G4: carries messages from node to node', async () => {
    const [a, b] = [await start(), await start()];
    const [seven, eight] = [await client(a, 7), await client(b, 8)];
    const conversation = await seven.openPersonal(7, 8);
    seven.send({ msg: 'over there', conv_id: conversation, type: 'personal' });
    await eight.untilJson((frame) => frame.msg === 'over there');
    eight.send({ msg: 'and back', conv_id: conversation, type: 'personal' });
    await seven.untilJson((frame) => frame.msg === 'and back');
    const nodes = await Promise.all([a, b].map(async (edge) => (await readyz(edge.adminUrl)).body.node));
    expect(new Set(nodes).size).toBe(2);
  });

  it('a single node needs no Redis', async () => {
    const edge = await start({ REDIS_URL: '', PARLEY_SINGLE_NODE: 'true' });
    const [seven, eight] = [await client(edge, 7), await client(edge, 8)];
    const conversation = await seven.openPersonal(7, 8);
    seven.send({ msg: 'alone', conv_id: conversation, type: 'personal' });
    await eight.untilJson((frame) => frame.msg === 'alone');
  });

  it('G1, G4: stays ready while Redis is away, acknowledges, and delivers between nodes all the same', async () => {
    const [a, b] = [await start(), await start()];
    const [seven, eight] = [await client(a, 7), await client(b, 8)];
    const conversation = await seven.openPersonal(7, 8);
    await redis.kill();
    try {
      await expect
        .poll(async () => (await readyz(b.adminUrl)).body.degraded, { timeout: 20_000 })
        .toEqual([expect.stringMatching(/bus is down/)]);
      expect((await readyz(b.adminUrl)).status).toBe(200);
      seven.send({ msg: 'without Redis', conv_id: conversation, type: 'personal' });
      await seven.untilJson((frame) => 'message_id' in frame && !('msg' in frame));
      await eight.untilJson((frame) => frame.msg === 'without Redis');
    } finally {
      await redis.start();
    }
    await expect.poll(async () => (await readyz(b.adminUrl)).body.degraded, { timeout: 20_000 }).toEqual([]);
    seven.send({ msg: 'with Redis', conv_id: conversation, type: 'personal' });
    await eight.untilJson((frame) => frame.msg === 'with Redis');
  });

  it('says that it waits for a database that does not answer, is alive meanwhile, and can be stopped', async () => {
    const [nobody, adminPort] = [await freePort(), await freePort()];
    const more = { mysql_host: '127.0.0.1', mysql_port: String(nobody), PARLEY_ADMIN_PORT: String(adminPort) };
    const edge = beginEdge(config(more), silent);
    const outcome = edge.started.then(
      () => 'started',
      () => 'failed',
    );
    const adminUrl = `http://127.0.0.1:${adminPort}`;
    await expect
      .poll(() => readyz(adminUrl).catch(() => null))
      .toMatchObject({ status: 503, body: { reasons: ['starting: waiting for the database'] } });
    expect((await fetch(`${adminUrl}/livez`)).status).toBe(200);
    await edge.stop();
    await expect(fetch(`${adminUrl}/livez`)).rejects.toThrow();
    // The store is closed, and the wait for it ends.
    expect(await outcome).toBe('failed');
  });
});
