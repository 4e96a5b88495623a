import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RecordedEvents, silentLog } from '@parley/core/testing';
import { freePort, type RedisService, startRedis } from '@parley/local-services';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRedisBus, type RedisBusParts } from '../src/index.ts';
import { realClock } from './real-clock.ts';
import { until } from './redis-harness.ts';

const PASSWORD = 'sentinel';

describe('Sentinel mode', () => {
  let master: RedisService;
  let replica: RedisService;
  let sentinel: ChildProcess;
  let sentinelPort: number;
  let configFile: string;
  let nodes: (RedisBusParts & { events: RecordedEvents })[];

  beforeEach(async () => {
    nodes = [];
    const config = { masterauth: PASSWORD };
    master = await startRedis({ password: PASSWORD, config });
    replica = await startRedis({ password: PASSWORD, config: { ...config, replicaof: `127.0.0.1 ${master.port}` } });
    sentinelPort = await freePort();
    configFile = join(master.folder, 'sentinel.conf');
    await writeFile(
      configFile,
      [
        `port ${sentinelPort}`,
        'bind 127.0.0.1',
        `dir ${master.folder}`,
        `sentinel monitor chat 127.0.0.1 ${master.port} 1`,
        `sentinel auth-pass chat ${PASSWORD}`,
        'sentinel down-after-milliseconds chat 500',
        'sentinel failover-timeout chat 3000',
      ].join('\n'),
    );
    sentinel = spawn('redis-server', [configFile, '--sentinel'], { stdio: 'ignore' });
    const inspector = new Redis({ host: '127.0.0.1', port: sentinelPort, retryStrategy: () => 50 });
    inspector.on('error', () => {});
    await until(
      async () => String(await inspector.call('SENTINEL', 'REPLICAS', 'chat')).includes(String(replica.port)),
      'the sentinel to know the replica',
      20_000,
    );
    inspector.disconnect();
  });
  afterEach(async () => {
    for (const node of nodes) await node.close();
    const exited = once(sentinel, 'exit');
    sentinel.kill('SIGKILL');
    await exited;
    await rm(configFile, { force: true });
    for (const server of [replica, master]) await server.stop();
  });

  const startNode = async () => {
    const url = `redis://:${PASSWORD}@127.0.0.1:${sentinelPort}`;
    const options = { url, mode: 'sentinel', masterName: 'chat', clock: realClock, log: silentLog } as const;
    const node = { ...createRedisBus(options), events: new RecordedEvents() };
    nodes.push(node);
    await node.bus.start(node.events);
    return node;
  };

  it('G4 finds the master, and rejoins at the new one after a failover', async () => {
    const [a, b] = [await startNode(), await startNode()];
    for (const node of [a, b]) {
      await node.directory.join(['g:1']);
      node.events.rejoin = () => node.directory.join(['g:1']);
    }
    await a.bus.publish(new Map([[b.bus.nodeId, Buffer.from('before')]]));
    await until(() => b.events.envelopes.length === 1, 'an envelope');

    await master.kill();
    await until(() => a.events.downs.length > 0 && b.events.downs.length > 0, 'onDown', 5_000);
    await until(() => a.bus.up && b.bus.up, 'both up at the new master', 25_000);
    await until(
      async () => {
        const [ids] = await a.directory.lookup(['g:1']);
        return ids?.length === 2 && ids.includes(a.bus.nodeId) && ids.includes(b.bus.nodeId);
      },
      'the new incarnations alone',
      15_000,
    );
    await a.bus.publish(new Map([[b.bus.nodeId, Buffer.from('after')]]));
    await until(() => b.events.envelopes.length === 2, 'an envelope');
    expect(b.events.envelopes).toEqual(['before', 'after']);
  });
});
