import { RecordedEvents } from '@parley/core/testing';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realClock } from './real-clock.ts';
import { createRedisHarness, type ProxiedNode, type RedisHarness, until } from './redis-harness.ts';

describe('a session that is disturbed', () => {
  let harness: RedisHarness;
  let inspector: Redis;
  beforeEach(async () => {
    harness = await createRedisHarness();
    inspector = new Redis(harness.redis.url);
  });
  afterEach(async () => {
    inspector.disconnect();
    await harness.close();
  });

  type Started = ProxiedNode & { events: RecordedEvents };
  const startNode = async (events = new RecordedEvents()): Promise<Started> => {
    const node = await harness.createNode();
    await node.bus.start(events);
    return { ...node, events };
  };
  const publish = (from: Started, to: Started, text: string) =>
    from.bus.publish(new Map([[to.bus.nodeId, Buffer.from(text)]]));
  /** Closes, on the server's side, the connection of that name that came last. */
  const killClient = async (name: string): Promise<void> => {
    const list = String(await inspector.client('LIST'));
    const ids = list
      .split('\n')
      .flatMap((line) => (line.includes(`name=${name} `) ? [Number(/id=(\d+)/.exec(line)?.[1])] : []));
    expect(await inspector.client('KILL', 'ID', Math.max(...ids))).toBe(1);
  };
  const took = async (operation: Promise<unknown>): Promise<number> => {
    const startMs = realClock.nowMs();
    await operation.catch(() => {});
    return realClock.nowMs() - startMs;
  };

  it.each(['parley-inbox', 'parley-commands'])('G4 rejoins when the %s connection is killed', async (name) => {
    const other = await startNode();
    const node = await startNode();
    const before = node.bus.nodeId;
    await node.directory.join(['u:1', 'u:2']);
    node.events.rejoin = async () => {
      // Until it has joined again, its old entries still speak for it.
      expect(await other.directory.lookup(['u:1'])).toEqual([[before]]);
      expect([node.bus.up, node.bus.nodeId === before]).toEqual([false, false]);
      await node.directory.join(['u:1']);
    };
    await killClient(name);
    await until(() => node.bus.up && node.events.rejoins.length > 0, 'the rejoin', 5_000);
    expect([node.events.downs.length, node.events.rejoins.length]).toEqual([1, 1]);
    await until(
      async () => (await other.directory.lookup(['u:1', 'u:2'])).flat().length === 1,
      'the old entries to be gone',
    );
    expect(await other.directory.lookup(['u:1', 'u:2'])).toEqual([[node.bus.nodeId], []]);
    await publish(other, node, 'x');
    await until(() => node.events.envelopes.length === 1, 'an envelope');
    expect(other.events.downs).toEqual([]);
    expect(other.events.deaths).toEqual([]);
  });

  it('G4 repairs an inbox that hangs half-open within 5 s', async () => {
    const node = await startNode();
    await node.directory.join(['u:1']);
    node.proxy.stallInboxes();
    const repaired = until(() => node.events.rejoins.length > 0 && node.bus.up, 'the rejoin', 6_000);
    expect(await took(repaired)).toBeLessThan(5_000);
    await repaired;
    expect(node.events.downs).toEqual(["3 of the node's own heartbeats did not come back"]);
  });

  it('rejects every operation within 2 s while Redis hangs, at once while it is away, and notices by itself', async () => {
    const [node, other] = [await startNode(), await startNode()];
    node.proxy.stall();
    const operations = (): Promise<unknown>[] => [
      publish(node, other, 'x'),
      node.directory.lookup(['u:1']),
      node.directory.present(['u:1']),
      node.directory.join(['u:1']),
      node.directory.leave(['u:1']),
      node.bus.nodes(),
      node.ping(),
    ];
    const hanging = operations();
    for (const ms of await Promise.all(hanging.map(took))) expect(ms).toBeLessThan(2_000);
    for (const operation of hanging) await expect(operation).rejects.toThrow();
    await until(() => node.events.downs.length > 0, 'onDown', 5_000);
    expect(node.bus.up).toBe(false);
    const away = operations();
    for (const ms of await Promise.all(away.map(took))) expect(ms).toBeLessThan(100);
    for (const operation of away) await expect(operation).rejects.toThrow('the bus is down');
    node.proxy.heal();
    await until(() => node.bus.up, 'up again', 10_000);
    await node.ping();
  });

  it('stops within its time when Redis hangs, and a survivor clears it away', async () => {
    const [node, other] = [await startNode(), await startNode()];
    await node.directory.join(['u:1']);
    node.proxy.stall();
    expect(await took(node.close())).toBeLessThan(6_000);
    await until(
      async () => (await other.directory.lookup(['u:1'])).flat().length === 0,
      'its entries to be gone',
      15_000,
    );
    expect(other.events.deaths.length).toBe(1);
  });

  it('G4 rejoins when Redis is emptied under it', async () => {
    const node = await startNode();
    await node.directory.join(['u:1']);
    node.events.rejoin = () => node.directory.join(['u:1']);
    const before = node.bus.nodeId;
    await inspector.flushall();
    await until(() => node.events.rejoins.length > 0 && node.bus.up, 'the rejoin', 5_000);
    expect(node.bus.nodeId).not.toBe(before);
    expect(await node.directory.lookup(['u:1'])).toEqual([[node.bus.nodeId]]);
  });

  it('refuses a join under a lease that is gone, and leaves nothing of it behind', async () => {
    const node = await startNode();
    node.events.rejoin = () => new Promise(() => {});
    await inspector.del('parley:{nodes}:leases');
    await expect(node.directory.join(['u:1'])).rejects.toThrow();
    expect(await inspector.keys('parley:topic:*')).toEqual([]);
    expect(await inspector.keys('parley:{nodes}:topics:*')).toEqual([]);
    await until(() => node.events.downs.length > 0, 'onDown');
  });

  it('goes on when the scripts are flushed', async () => {
    const node = await startNode();
    await inspector.script('FLUSH');
    await node.directory.join(['u:1', 'u:2']);
    expect(await node.directory.present(['u:1', 'u:3'])).toEqual([true, false]);
    expect(node.events.downs).toEqual([]);
  });

  it('tries again, with calls of onRejoin that never overlap, until one succeeds', async () => {
    const node = await startNode();
    let running = 0;
    let calls = 0;
    node.events.rejoin = async () => {
      running += 1;
      calls += 1;
      expect(running).toBe(1);
      try {
        // The first call sees its session die, the second fails by itself.
        if (calls === 1) {
          await killClient('parley-commands');
          await until(() => node.events.downs.length > 1, 'the second onDown');
        }
        if (calls === 2) throw new Error('the store is away');
        await node.directory.join(['u:1']);
      } finally {
        running -= 1;
      }
    };
    await killClient('parley-inbox');
    await until(() => node.bus.up && calls === 3, 'the third rejoin');
    expect(node.events.downs.length).toBe(3);
    expect(await node.directory.lookup(['u:1'])).toEqual([[node.bus.nodeId]]);
    await until(async () => (await inspector.zcard('parley:{nodes}:leases')) === 1, 'the old incarnations to be gone');
    expect(node.events.deaths).toEqual([]);
  });

  it('costs one MGET per lookup, one PUBLISH per target and publish, and one script per page of topics', async () => {
    const [from, a, b, c] = [await startNode(), await startNode(), await startNode(), await startNode()];
    const topics = Array.from({ length: 1_000 }, (_, i) => `u:${i + 1}`);
    await from.directory.join(topics);
    const calls = async (): Promise<Record<string, number>> => {
      const info = String(await inspector.info('commandstats'));
      return Object.fromEntries(
        [...info.matchAll(/cmdstat_(\w+):calls=(\d+)/g)].map(([, name, count]) => [name ?? '', Number(count)]),
      );
    };
    // Heartbeats publish too: their number is bounded by the time that passes.
    const before = await calls();
    const startMs = realClock.nowMs();
    for (let i = 0; i < 20; i += 1) {
      expect((await from.directory.lookup(topics.slice(0, 128))).length).toBe(128);
    }
    for (let i = 0; i < 50; i += 1) {
      const payload = Buffer.from(`e${i}`);
      await from.bus.publish(new Map([a, b, c, from].map((node) => [node.bus.nodeId, payload])));
    }
    const after = await calls();
    const beats = 2 * 4 * (Math.ceil((realClock.nowMs() - startMs) / 1_000) + 1);
    const grown = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);
    expect(grown('mget')).toBe(20);
    expect(grown('get')).toBe(0);
    expect(grown('publish')).toBeGreaterThanOrEqual(150);
    expect(grown('publish')).toBeLessThanOrEqual(150 + beats);
    expect(from.events.envelopes.length).toBe(50);
    for (const node of [a, b, c]) await until(() => node.events.envelopes.length === 50, 'all envelopes');

    const scripts = (stats: Record<string, number>) => (stats.evalsha ?? 0) + (stats.eval ?? 0);
    const beforeJoin = scripts(await calls());
    const joinMs = realClock.nowMs();
    await Promise.all(Array.from({ length: 400 }, (_, i) => b.directory.join([`g:${i}`])));
    const grownScripts = scripts(await calls()) - beforeJoin;
    const renewals = 4 * (Math.ceil((realClock.nowMs() - joinMs) / 1_000) + 1);
    // The first goes alone, the other 399 together.
    expect(grownScripts).toBeLessThanOrEqual(2 + 1 + renewals);
    expect((await b.directory.lookup(['g:0', 'g:399'])).flat()).toEqual([b.bus.nodeId, b.bus.nodeId]);
  });
});
