import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterDescription } from '@parley/local-services';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliProcess, type Environment, run } from './cli-process.ts';

let cwd: string;
let cluster: CliProcess;
let parts: ClusterDescription;
/** What a node of that cluster is given, and so what an operator's shell has. */
let env: Environment;

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'parley-cli-'));
  cluster = new CliProcess({ args: ['cluster', '--nodes', '2', '--json'], cwd });
  parts = JSON.parse(await cluster.line((line) => line)) as ClusterDescription;
  const { mysql, redis } = parts;
  env = {
    mysql_host: mysql.host,
    mysql_port: String(mysql.port),
    mysql_user: mysql.user,
    mysql_password: mysql.password,
    db_name: mysql.database,
    REDIS_URL: `redis://${redis.user}:${redis.password}@${redis.host}:${redis.port}/${redis.database}`,
  };
}, 180_000);

afterAll(async () => {
  cluster.kill('SIGTERM');
  await cluster.exit();
  rmSync(cwd, { recursive: true });
}, 60_000);

const parley = (...args: string[]) => run({ args, env, cwd });
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('parley cluster', () => {
  it('carries a conversation across nodes and through the load balancer, and explains it afterwards', async () => {
    expect(parts.nodes.length).toBe(2);
    expect(await parley('user', 'add', '7', 'Dakola Timmy')).toMatchObject({ code: 0 });
    const chat = (url: string, ...args: string[]) =>
      new CliProcess({ args: ['chat', '--json', '--url', url, ...args], cwd });
    const readers = parts.nodes.map(({ url }) => chat(url, '--user', '8'));
    await Promise.all(readers.map((reader) => reader.event({ event: 'up' })));
    const timmy = chat(parts.url, '--user', '7', '--to', '8');
    timmy.write('across');
    const { message_id: id } = await timmy.event({ event: 'sent', body: 'across' });
    for (const reader of readers) {
      await reader.event({ event: 'message', message_id: id as number, sender: 'Dakola Timmy', body: 'across' });
    }

    // Both nodes hold a connection of user 8, and the directory says so; this process, which asked, is none of them.
    const why = (await parley('why', String(id))).stdout;
    const cluster = (await parley('inspect', '--cluster')).stdout;
    const nodes = /^Nodes with a lease: (\S+), (\S+)$/m.exec(cluster)!.slice(1);
    const [, places] = /^ {2}user 8 .*connected to (.*)$/m.exec(why)!;
    expect(new Set(places!.split(', '))).toEqual(new Set(nodes));
    expect((await parley('inspect', '--user', '7')).stdout).toMatch(/^Dakola Timmy \(user 7\): connected to \S+$/m);

    for (const client of [...readers, timmy]) client.endInput();
    expect(await Promise.all([...readers, timmy].map((client) => client.exit()))).toEqual([0, 0, 0]);
    for (const { admin } of parts.nodes) {
      expect(await parley('inspect', '--admin', admin)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(': ready'),
      });
    }
  });

  it('migrates a schema that is there already, from many places at once, without harm', async () => {
    const runs = await Promise.all(Array.from({ length: 3 }, () => parley('migrate')));
    for (const { code, stdout } of runs) {
      expect(stdout).toMatch(/^The schema has version \d+ already\.$/);
      expect(code).toBe(0);
    }
  });

  it('drains and stops everything on SIGTERM, and exits with 0', async () => {
    const pids = [...parts.nodes.map(({ pid }) => pid), parts.mysql.pid, parts.redis.pid, parts.balancer.pid];
    expect(pids.filter(isAlive)).toEqual(pids);
    cluster.kill('SIGTERM');
    expect(await cluster.exit()).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });
});
