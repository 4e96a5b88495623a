import { existsSync } from 'node:fs';
import { type Cluster, type ClusterDescription, startCluster } from '@parley/local-services';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { fileOf, isAlive, Script, until, untilGone } from './helpers.ts';

const edgeEntry = { command: process.execPath, args: [fileOf('stand-in-edge.mjs')] };
const cleanups: Array<() => unknown> = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Greeting {
  readonly pid: number;
  readonly env: Record<string, string>;
}

/** A connection through the balancer, with what the edge behind it said first. */
async function connect(url: string): Promise<{ socket: WebSocket; edge: Greeting }> {
  const socket = new WebSocket(url);
  cleanups.push(() => socket.terminate());
  const edge = await new Promise<Greeting>((resolve, reject) => {
    socket.once('message', (data) => resolve(JSON.parse(String(data)) as Greeting));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
  return { socket, edge };
}

async function echoes(socket: WebSocket, text: string): Promise<boolean> {
  const answer = new Promise((resolve) => socket.once('message', (data) => resolve(String(data))));
  socket.send(text);
  return (await answer) === text;
}

/** The pids of the edges that `count` new connections, held open together, came to. */
async function edgesOf(url: string, count: number): Promise<Set<number>> {
  const connections = await Promise.all(Array.from({ length: count }, () => connect(url)));
  for (const { socket } of connections) socket.terminate();
  return new Set(connections.map(({ edge }) => edge.pid));
}

describe('a cluster behind HAProxy', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    const env = { ...process.env, MYSQL_HOST: 'elsewhere', REDIS_URL: 'redis://elsewhere' };
    cluster = await startCluster({ nodes: 3, edgeEntry, env });
  });

  afterAll(() => cluster?.stop());

  test('spreads connections over all edges, which know the services and no others', async () => {
    const pids = cluster.nodes.map((node) => node.pid);
    await until('connections on each edge', async () => (await edgesOf(cluster.url, 6)).size === 3);
    const { edge } = await connect(cluster.url);
    expect(pids).toContain(edge.pid);
    expect(edge.env).toMatchObject({ ...cluster.environment, PARLEY_AUTH: 'development' });
    expect(edge.env.MYSQL_HOST).toBeUndefined();
  });

  test('G10 an edge that is not ready keeps its connections and gets no new ones', async () => {
    const draining = cluster.nodes[0]!;
    const own = await connect(draining.url);
    let held = await connect(cluster.url);
    await until('a connection to the first edge', async () => {
      if (held.edge.pid === draining.pid) return true;
      held = await connect(cluster.url);
      return held.edge.pid === draining.pid;
    });
    await draining.kill('SIGUSR2');
    await until('new connections to go elsewhere', async () => !(await edgesOf(cluster.url, 6)).has(draining.pid));
    expect(await echoes(held.socket, 'still here')).toBe(true);
    expect(await echoes(own.socket, 'still here')).toBe(true);
    await draining.restart();
    await until('it to be used again', async () => (await edgesOf(cluster.url, 6)).has(draining.pid));
  });

  test('a killed edge costs new connections nothing, and is used again at the same place', async () => {
    const killed = cluster.nodes[1]!;
    const { url, pid } = killed;
    await killed.kill('SIGKILL');
    // At once, before any health check: the refused connection is tried again on another edge.
    const others = await edgesOf(cluster.url, 9);
    expect(others.has(pid)).toBe(false);
    await killed.restart();
    expect(killed.url).toBe(url);
    await until('it to be used again', async () => (await edgesOf(cluster.url, 6)).has(killed.pid));
  });

  test('the balancer says how many edges it sees', async () => {
    expect((await fetch(`${cluster.balancer.admin}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${cluster.balancer.admin}/metrics`)).text();
    expect(metrics).toMatch(/haproxy_backend_active_servers\{proxy="edges"\} 3/);
  });
});

test('the balancer is not ready without an edge', async () => {
  const cluster = await startCluster({ nodes: 1, edgeEntry });
  cleanups.push(() => cluster.stop());
  await cluster.nodes[0]!.kill();
  await until('503', async () => (await fetch(`${cluster.balancer.admin}/readyz`)).status === 503);
});

test('a start that fails shows the log and leaves nothing running', async () => {
  const starting = startCluster({ nodes: 2, edgeEntry, env: { ...process.env, STAND_IN_FAILS: 'no such luck' } });
  await expect(starting).rejects.toThrow(/edge \d ended while starting \(exit code 3\).*stand-in: no such luck/s);
});

test('a failing migration shows its output', async () => {
  const migrate = { command: process.execPath, args: ['-e', 'console.error("bad schema"); process.exit(4)'] };
  await expect(startCluster({ nodes: 1, edgeEntry, migrate })).rejects.toThrow(
    /the migration failed \(exit code 4\).*bad schema/s,
  );
});

describe('runCluster', () => {
  async function run(
    script = new Script('run-cluster.mjs', ['3', '--json']),
  ): Promise<{ script: Script; description: ClusterDescription; pids: number[] }> {
    cleanups.push(() => script.child.kill('SIGKILL'));
    const description = JSON.parse(await script.firstLine()) as ClusterDescription;
    const { nodes, mysql, redis, balancer } = description;
    return { script, description, pids: [...nodes, mysql, redis, balancer].map(({ pid }) => pid) };
  }

  test('prints one JSON line that says where everything is', async () => {
    const { script, description, pids } = await run();
    expect(description.nodes).toHaveLength(3);
    for (const { url, admin, pid } of description.nodes) {
      expect((await connect(url)).edge.pid).toBe(pid);
      expect((await fetch(`${admin}/readyz`)).status).toBe(200);
    }
    expect(description.nodes.map(({ pid }) => pid)).toContain((await connect(description.url)).edge.pid);
    const address = { host: '127.0.0.1', port: expect.any(Number), password: expect.any(String) };
    expect(description.mysql).toMatchObject({ ...address, user: 'parley', database: 'parley' });
    expect(description.redis).toMatchObject({ ...address, user: 'default', database: 0 });
    expect(new Set(pids.filter(isAlive)).size).toBe(6);

    script.child.kill('SIGTERM');
    expect(await script.exited).toBe(0);
    expect(script.stdout.trim().split('\n')).toHaveLength(1);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(description.folder)).toBe(false);
  });

  test.each(['an edge', 'MariaDB', 'Redis', 'HAProxy'])('goes on without %s, and still stops', async (victim) => {
    const { script, description, pids } = await run();
    const { nodes, mysql, redis, balancer } = description;
    const parts = { 'an edge': nodes[1]!, MariaDB: mysql, Redis: redis, HAProxy: balancer };
    const { pid } = parts[victim as keyof typeof parts];
    process.kill(pid, 'SIGKILL');
    await until('a report of the death', () => script.stderr.includes(`(process ${pid}) died: SIGKILL`));
    expect(pids.filter(isAlive)).toHaveLength(5);
    script.child.kill('SIGINT');
    expect(await script.exited).toBe(0);
    await untilGone(pids, [description.folder]);
  });

  test('leaves nothing behind when it is killed itself', async () => {
    const { script, description, pids } = await run();
    script.child.kill('SIGKILL');
    await untilGone(pids, [description.folder]);
  });

  test('stops when npm, which ran it, is told to end and does not pass it on', async () => {
    const npm = { npm_lifecycle_event: 'cluster' };
    const { script, description, pids } = await run(
      new Script('in-between.mjs', ['./run-cluster.mjs', '1', '--json'], npm),
    );
    script.child.kill('SIGTERM');
    await untilGone(pids, [description.folder]);
  });

  test('stops also while it is starting', async () => {
    const script = new Script('run-cluster.mjs', ['3']);
    cleanups.push(() => script.child.kill('SIGKILL'));
    await until('it to begin', () => script.stderr.includes('starting'));
    script.child.kill('SIGTERM');
    expect(await script.exited).toBe(0);
    expect(script.stdout).toBe('');
    expect(script.stderr).toContain('stopped before everything had started');
  });

  test('says in words what runs where, unless asked for JSON', async () => {
    const script = new Script('run-cluster.mjs', ['1']);
    cleanups.push(() => script.child.kill('SIGKILL'));
    await until('the whole text', () => script.stdout.includes('Ctrl-C stops everything'));
    expect(script.stdout).toMatch(/Chat clients connect to\s+ws:\/\/127\.0\.0\.1:\d+/);
    script.child.kill('SIGTERM');
    expect(await script.exited).toBe(0);
  });
});
