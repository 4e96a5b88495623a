import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { freePort, startMariadb, startRedis } from '@parley/local-services';
import { afterEach, describe, expect, test } from 'vitest';
import { isAlive, redis, Script, sql, untilGone } from './helpers.ts';

const cleanups: Array<() => unknown> = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function stopLater<T extends { stop(): Promise<void> }>(service: T): T {
  cleanups.push(() => service.stop());
  return service;
}

describe('startMariadb', () => {
  test('is durable, speaks utf8mb4, keeps root out and lets its user create databases', async () => {
    const mariadb = stopLater(await startMariadb());
    expect(sql(mariadb, 'SELECT @@innodb_flush_log_at_trx_commit, @@character_set_database, @@time_zone')).toBe(
      '1\tutf8mb4\t+00:00',
    );
    sql(mariadb, 'CREATE DATABASE another; CREATE TABLE another.t (a TEXT); INSERT INTO another.t VALUES ("🦜")');
    expect(sql(mariadb, 'SELECT HEX(a) FROM another.t')).toBe('F09FA69C');
    expect(() => sql({ ...mariadb, user: 'root', password: '', database: 'mysql' }, 'SELECT 1')).toThrow(/denied/i);
    expect(mariadb.port).not.toBe(3306);
  });

  test('keeps port, password and committed rows over kill -9 and restart, and drops all of it on stop', async () => {
    const mariadb = stopLater(await startMariadb());
    const before = { pid: mariadb.pid, port: mariadb.port };
    sql(mariadb, 'CREATE TABLE t (a INT); INSERT INTO t VALUES (1), (2), (3)');
    await mariadb.kill('SIGKILL');
    expect(isAlive(before.pid)).toBe(false);
    expect(() => sql(mariadb, 'SELECT 1')).toThrow();

    await mariadb.restart();
    expect(mariadb.pid).not.toBe(before.pid);
    expect(mariadb.port).toBe(before.port);
    expect(sql(mariadb, 'SELECT SUM(a) FROM t')).toBe('6');

    const { pid, folder } = mariadb;
    await mariadb.stop();
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(folder)).toBe(false);
    await mariadb.stop();
  });

  test('says why it did not start, and leaves nothing behind', async () => {
    let message = '';
    await startMariadb({ variables: { no_such_variable: '1' } }).catch((error: Error) => {
      message = error.message;
    });
    expect(message).toMatch(/MariaDB ended while starting .*unknown variable 'no-such-variable=1'/s);
    const folder = /\/\S*parley-mariadb-\w+/.exec(message)?.[0];
    expect(folder === undefined || !existsSync(folder)).toBe(true);
  });
});

describe('startRedis', () => {
  test.each([
    ['none', ''],
    ['always', 'kept'],
  ] as const)('with persistence %s a killed server comes back with %j', async (persistence, value) => {
    const server = stopLater(await startRedis({ persistence }));
    redis(server, 'SET', 'key', 'kept');
    await server.kill('SIGKILL');
    await server.restart();
    expect(redis(server, 'GET', 'key')).toBe(value);
    expect(server.port).not.toBe(6379);
  });

  test('wants its password', async () => {
    const server = stopLater(await startRedis());
    expect(redis({ ...server, url: `redis://${server.host}:${server.port}` }, 'GET', 'key')).toMatch(/NOAUTH/);
  });

  test('says that its port is taken', async () => {
    const port = await freePort();
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(port, '127.0.0.1', resolve));
    cleanups.push(() => squatter.close());
    await expect(startRedis({ port })).rejects.toThrow(`Redis: port ${port} is taken`);
  });

  test('a paused server can be stopped, and woken again', async () => {
    const server = stopLater(await startRedis());
    await server.kill('SIGSTOP');
    await server.kill('SIGCONT');
    expect(redis(server, 'PING')).toBe('PONG');
    await server.kill('SIGSTOP');
    const { pid } = server;
    await server.stop();
    expect(isAlive(pid)).toBe(false);
  });

  test('reports an end that nobody here asked for, and only such an end', async () => {
    const server = stopLater(await startRedis());
    const ends: unknown[] = [];
    server.onUnexpectedExit((exit) => ends.push(exit));
    await server.kill('SIGKILL');
    await server.restart();
    expect(ends).toEqual([]);
    const reported = new Promise((resolve) => server.onUnexpectedExit(resolve));
    process.kill(server.pid, 'SIGKILL');
    expect(await reported).toEqual({ code: null, signal: 'SIGKILL' });
    expect(ends).toHaveLength(1);
  });
});

describe('when the process that started servers goes', () => {
  test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('by %s, nothing is left behind', async (signal) => {
    const script = new Script('hold-services.mjs');
    cleanups.push(() => script.child.kill('SIGKILL'));
    const services = JSON.parse(await script.firstLine()) as Array<{ pid: number; folder: string }>;
    expect(services.every(({ pid }) => isAlive(pid))).toBe(true);
    expect(services.every(({ folder }) => existsSync(folder))).toBe(true);
    script.child.kill(signal);
    await untilGone(
      services.map(({ pid }) => pid),
      services.map(({ folder }) => folder),
    );
  });
});

test('free ports are distinct and outside the range of outgoing connections', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
  expect(new Set(ports).size).toBe(50);
  const firstOutgoing = Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10);
  expect(Math.max(...ports)).toBeLessThan(firstOutgoing);
});
