import { randomBytes } from 'node:crypto';
import { RecordedEvents, silentLog, sortedIds } from '@parley/core/testing';
import { type RedisService, startRedis } from '@parley/local-services';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRedisBus, type RedisBusParts } from '../src/index.ts';
import { NodeProcess } from './node-process.ts';
import { realClock } from './real-clock.ts';
import { until } from './redis-harness.ts';

describe('a node that dies', () => {
  let redis: RedisService;
  let inspector: Redis;
  let prefix: string;
  let nodes: (RedisBusParts & { events: RecordedEvents })[];
  let children: NodeProcess[];

  beforeAll(async () => {
    redis = await startRedis();
    inspector = new Redis(redis.url);
  });
  afterAll(async () => {
    inspector.disconnect();
    await redis.stop();
  });
  beforeEach(() => {
    prefix = `t${randomBytes(4).toString('hex')}:`;
    nodes = [];
    children = [];
  });
  afterEach(async () => {
    for (const child of children) await child.kill();
    for (const node of nodes) await node.close();
    // A killed child's lease may still run; everything else has been taken back by its own node.
    const ids = (await inspector.zrange(`${prefix}{nodes}:leases`, '0', '-1')) as string[];
    expect(ids.filter((id) => nodes.some((node) => node.bus.nodeId === id))).toEqual([]);
  });

  const startNode = async () => {
    const events = new RecordedEvents();
    const node = { ...createRedisBus({ url: redis.url, prefix, clock: realClock, log: silentLog }), events };
    nodes.push(node);
    await node.bus.start(events);
    return node;
  };
  it('G4 an observer leaves a dead node to the next real one, which is told', async () => {
    const child = startChild(10, 55);
    const deadId = await child.idAfter('joined');
    await until(async () => (await inspector.hget(`${prefix}{nodes}:marks`, deadId)) === '55', 'the mark');
    const events = new RecordedEvents();
    const guest = createRedisBus({ url: redis.url, prefix, clock: realClock, log: silentLog, observer: true });
    await guest.bus.start(events);
    await child.kill();
    // Its lease has ended, and the guest has renewed its own beside it.
    await until(async () => !(await guest.bus.nodes()).includes(deadId), 'the lease to end', 15_000);
    const renewedMs = Number(await inspector.zscore(`${prefix}{nodes}:leases`, guest.bus.nodeId));
    const renewals = async () => Number(await inspector.zscore(`${prefix}{nodes}:leases`, guest.bus.nodeId));
    await until(async () => (await renewals()) > renewedMs + 1_500, 'two more renewals', 10_000);
    expect(events.deaths).toEqual([]);
    const node = await startNode();
    await until(() => node.events.deaths.length > 0, 'onNodeDead', 10_000);
    expect(node.events.deaths).toEqual([{ nodeId: deadId, lastMessageId: 55 }]);
    await guest.close();
  });

  const startChild = (topics: number, lastMessageId = 0) => {
    const child = new NodeProcess({ url: redis.url, prefix, topics, lastMessageId });
    children.push(child);
    return child;
  };
  const keys = async () => ((await inspector.keys(`${prefix}*`)) as string[]).sort((a, b) => a.localeCompare(b));

  it('G9 kill -9: within 15 s nothing of it is left in Redis, and one survivor is told, once', async () => {
    const survivors = [await startNode(), await startNode(), await startNode()];
    const [first] = survivors;
    await first!.directory.join(['u:1', 'g:1']);
    const child = startChild(3_000, 77);
    const deadId = await child.idAfter('joined');
    expect(await first!.directory.present(['u:2999'])).toEqual([true]);
    expect((await keys()).length).toBeGreaterThan(3_000);
    await until(async () => (await inspector.hget(`${prefix}{nodes}:marks`, deadId)) === '77', 'the mark');

    await child.kill();
    const killedMs = realClock.nowMs();
    const expected = [
      `${prefix}{nodes}:leases`,
      `${prefix}{nodes}:marks`,
      `${prefix}{nodes}:topics:${first!.bus.nodeId}`,
      `${prefix}topic:g:1`,
      `${prefix}topic:u:1`,
    ];
    await until(async () => (await keys()).length === expected.length, 'the entries to be gone', 15_000);
    const tookMs = realClock.nowMs() - killedMs;
    expect(await keys()).toEqual(expected);
    expect(tookMs).toBeLessThan(15_000);
    expect(await inspector.hgetall(`${prefix}{nodes}:marks`)).not.toHaveProperty(deadId);
    expect(await first!.directory.lookup(['u:1', 'u:2'])).toEqual([[first!.bus.nodeId], []]);
    expect(sortedIds(await first!.bus.nodes())).toEqual(sortedIds(survivors.map((node) => node.bus.nodeId)));
    await until(() => survivors.some((node) => node.events.deaths.length > 0), 'onNodeDead');
    expect(survivors.flatMap((node) => node.events.deaths)).toEqual([{ nodeId: deadId, lastMessageId: 77 }]);
  });

  it('G9 a node that starts alone clears away what the last cluster left', async () => {
    const child = startChild(10, 5);
    const deadId = await child.idAfter('joined');
    await child.kill();
    const lone = await startNode();
    await until(() => lone.events.deaths.length > 0, 'onNodeDead', 15_000);
    expect(lone.events.deaths).toEqual([{ nodeId: deadId, lastMessageId: 5 }]);
    await until(async () => (await keys()).length === 2, 'the entries to be gone', 15_000);
    expect(await keys()).toEqual([`${prefix}{nodes}:leases`, `${prefix}{nodes}:marks`]);
  });

  it('G9 a process that was paused longer than its lease never speaks for its old incarnation again', async () => {
    const survivor = await startNode();
    const child = startChild(20);
    const oldId = await child.idAfter('joined');
    child.signal('SIGSTOP');
    try {
      await until(() => survivor.events.deaths.length > 0, 'onNodeDead', 15_000);
      await until(async () => (await survivor.directory.present(['u:1']))[0] === false, 'no presence');
    } finally {
      child.signal('SIGCONT');
    }
    const newId = await child.idAfter('rejoined');
    expect(newId).not.toBe(oldId);
    expect(child.lines.filter((line) => line.startsWith('down')).length).toBe(1);
    expect(await survivor.directory.lookup(['u:1', 'u:20'])).toEqual([[newId], [newId]]);
    expect(sortedIds(await survivor.bus.nodes())).toEqual(sortedIds([survivor.bus.nodeId, newId]));
  });
});
