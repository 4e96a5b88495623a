import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '@parley/core';
import { RecordedEvents, silentLog } from '@parley/core/testing';
import { freePort, type RedisService, startRedis } from '@parley/local-services';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedisBus, type RedisBusOptions } from '../src/index.ts';
import { realClock } from './real-clock.ts';
import { until } from './redis-harness.ts';

describe('how a node connects', () => {
  let folder: string;
  let redis: RedisService;
  let tlsPort: number;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'parley-tls-'));
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
        ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
        ...['-keyout', key, '-out', certificate],
      ],
      { stdio: 'ignore' },
    );
    tlsPort = await freePort();
    redis = await startRedis({
      config: {
        'tls-port': String(tlsPort),
        'tls-cert-file': certificate,
        'tls-key-file': key,
        'tls-auth-clients': 'no',
        'maxmemory-policy': 'allkeys-lru',
      },
    });
  });
  afterAll(async () => {
    await redis.stop();
    rmSync(folder, { recursive: true });
  });

  const start = async (options: Partial<RedisBusOptions> & { url: string }) => {
    const node = createRedisBus({ clock: realClock, log: silentLog, ...options });
    await node.bus.start(new RecordedEvents());
    return node;
  };

  it('by TLS, with user, password and db', async () => {
    const url = `rediss://default:${redis.password}@localhost:${tlsPort}/3`;
    const node = await start({ url, prefix: 'tls:', tls: { ca: readFileSync(join(folder, 'certificate.pem')) } });
    await node.ping();
    await node.directory.join(['u:1']);
    const inspector = new Redis(`${redis.url.replace(/\/0$/, '')}/3`);
    expect(String(await inspector.get('tls:topic:u:1'))).toBe(node.bus.nodeId);
    await node.close();
    expect(await inspector.keys('tls:*')).toEqual([]);
    inspector.disconnect();
  });

  it('refuses a server whose certificate it does not trust, and a wrong password, and keeps trying', async () => {
    for (const url of [
      `rediss://default:${redis.password}@localhost:${tlsPort}`,
      redis.url.replace(redis.password, 'wrong'),
    ]) {
      const warnings: string[] = [];
      const log: Log = { ...silentLog, warn: (fields) => warnings.push(JSON.stringify(fields)) };
      const node = createRedisBus({ url, clock: realClock, log });
      const starting = node.bus.start(new RecordedEvents());
      starting.catch(() => {});
      await until(() => warnings.length >= 2, 'two refusals');
      expect(node.bus.up).toBe(false);
      expect(warnings.join()).not.toContain(redis.password);
      await expect(node.ping()).rejects.toThrow('the bus is down');
      await node.close();
      await expect(starting).rejects.toThrow('the bus was stopped');
    }
  });

  it('says so when Redis may evict its keys', async () => {
    const errors: object[] = [];
    const node = await start({ url: redis.url, log: { ...silentLog, error: (fields) => errors.push(fields) } });
    expect(errors).toEqual([{ policy: 'allkeys-lru' }]);
    await node.close();
  });

  it('keeps two clusters on one Redis apart by their prefix', async () => {
    const [a, b] = [await start({ url: redis.url, prefix: 'a:' }), await start({ url: redis.url, prefix: 'b:' })];
    await a.directory.join(['u:1']);
    expect(await b.directory.lookup(['u:1'])).toEqual([[]]);
    expect(await b.bus.nodes()).toEqual([b.bus.nodeId]);
    for (const node of [a, b]) await node.close();
  });

  it('refuses options that cannot work', () => {
    for (const [url, mode] of [
      ['redis://a,b', 'standalone'],
      ['redis://a/2', 'cluster'],
      ['a:1', 'cluster'],
    ] as const) {
      expect(() => createRedisBus({ url, mode, clock: realClock, log: silentLog })).toThrow(/Redis/);
    }
  });
});
