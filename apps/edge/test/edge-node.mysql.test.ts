import { randomBytes } from 'node:crypto';
import { silentLog } from '@parley/core/testing';
import { freePort, type RedisService, startRedis } from '@parley/local-services';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, openStores } from '../src/index.ts';
import { beginEdge } from '../src/start-edge.ts';
import { expectNext, initPersonal, say } from './support/chat.ts';
import { EdgesHere, readyz } from './support/edges-here.ts';

const { mysql_host = '127.0.0.1', mysql_port = '3306', mysql_user = 'root', mysql_password = '' } = process.env;

let redis: RedisService;
let env: Record<string, string>;
const edges = new EdgesHere();

beforeAll(async () => {
  redis = await startRedis();
  const db_name = `parley_edge_${randomBytes(6).toString('hex')}`;
  env = { mysql_host, mysql_port, mysql_user, mysql_password, db_name, REDIS_URL: redis.url };
});

afterEach(() => edges.close());

afterAll(async () => {
  await redis.stop();
});

const start = (more: Record<string, string> = {}) => edges.start({ ...env, ...more });

describe('nodes of a cluster', () => {
  it('refuses a database that was not migrated, with the command to run', async () => {
    await expect(start()).rejects.toThrow(/npx parley migrate/);
    const stores = await openStores(loadConfig(env));
    await stores.migrate();
    await stores.close();
    await start();
  });

  it('L4, L16, G4: carries messages from node to node', async () => {
    const [a, b] = [await start(), await start()];
    const [seven, eight] = [await edges.client(a, 7), await edges.client(b, 8)];
    const conversation = await initPersonal(seven, [7, 8]);
    await say(seven, 'personal', conversation, 'over there');
    await expectNext(eight, 'over there');
    await say(eight, 'personal', conversation, 'and back');
    await expectNext(seven, 'and back');
    const nodes = await Promise.all([a, b].map(async (edge) => (await readyz(edge.adminUrl)).body.node));
    expect(new Set(nodes).size).toBe(2);
  });

  it('a single node needs no Redis', async () => {
    const edge = await start({ REDIS_URL: '', PARLEY_SINGLE_NODE: 'true' });
    const [nine, ten] = [await edges.client(edge, 9), await edges.client(edge, 10)];
    const conversation = await initPersonal(nine, [9, 10]);
    await say(nine, 'personal', conversation, 'alone');
    await expectNext(ten, 'alone');
  });

  it('G1, G4: stays ready while Redis is away, acknowledges, and delivers between nodes all the same', async () => {
    const [a, b] = [await start(), await start()];
    const [eleven, twelve] = [await edges.client(a, 11), await edges.client(b, 12)];
    const conversation = await initPersonal(eleven, [11, 12]);
    await redis.kill();
    try {
      await expect
        .poll(async () => (await readyz(b.adminUrl)).body.degraded, { timeout: 20_000 })
        .toEqual([expect.stringMatching(/bus is down/)]);
      expect((await readyz(b.adminUrl)).status).toBe(200);
      await say(eleven, 'personal', conversation, 'without Redis');
      await expectNext(twelve, 'without Redis');
    } finally {
      await redis.start();
    }
    await expect.poll(async () => (await readyz(b.adminUrl)).body.degraded, { timeout: 20_000 }).toEqual([]);
    await say(eleven, 'personal', conversation, 'with Redis');
    await expectNext(twelve, 'with Redis');
  });

  it('says that it waits for a database that does not answer, is alive meanwhile, and can be stopped', async () => {
    const [nobody, adminPort] = [await freePort(), await freePort()];
    const more = { mysql_host: '127.0.0.1', mysql_port: String(nobody), PARLEY_ADMIN_PORT: String(adminPort) };
    const edge = beginEdge(loadConfig({ ...env, PORT: '0', ...more }), silentLog);
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
