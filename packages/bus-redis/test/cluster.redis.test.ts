import { randomBytes } from 'node:crypto';
import { type BusHarness, busContract, directoryContract, RecordedEvents, silentLog } from '@parley/core/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRedisBus, type RedisBusParts } from '../src/index.ts';
import { NodeProcess } from './node-process.ts';
import { realClock } from './real-clock.ts';
import { LocalRedisCluster } from './redis-cluster.ts';
import { until } from './redis-harness.ts';

let cluster: LocalRedisCluster;
beforeAll(async () => {
  cluster = await LocalRedisCluster.start();
});
afterAll(() => cluster.stop());

const newPrefix = () => `t${randomBytes(4).toString('hex')}:`;
const create = (prefix: string): RedisBusParts =>
  createRedisBus({
    url: cluster.url,
    mode: 'cluster',
    prefix,
    clock: realClock,
    log: silentLog,
  });

const createHarness = (): Promise<BusHarness> => {
  const prefix = newPrefix();
  const nodes: RedisBusParts[] = [];
  return Promise.resolve({
    createNode() {
      const node = create(prefix);
      nodes.push(node);
      return Promise.resolve(node);
    },
    until,
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    settle: (operation) => operation,
    async close() {
      for (const node of nodes) await node.close();
      expect(await cluster.keys(`${prefix}*`)).toEqual([]);
    },
  });
};

busContract('Redis Cluster', createHarness, false);
directoryContract('Redis Cluster', createHarness, false);

describe('Redis Cluster', () => {
  let prefix: string;
  let nodes: (RedisBusParts & { events: RecordedEvents })[];
  let child: NodeProcess | null;
  beforeEach(() => {
    prefix = newPrefix();
    nodes = [];
    child = null;
  });
  afterEach(async () => {
    await child?.kill();
    for (const node of nodes) await node.close();
  });
  const startNode = async () => {
    const node = { ...create(prefix), events: new RecordedEvents() };
    nodes.push(node);
    await node.bus.start(node.events);
    return node;
  };
  const rejoined = async (node: { bus: RedisBusParts['bus']; events: RecordedEvents }, withinMs: number) =>
    until(() => node.events.rejoins.length > 0 && node.bus.up, 'the rejoin', withinMs);

  it('publishes through sharded channels, one command per target, and spreads topics over all servers', async () => {
    const [from, a, b] = [await startNode(), await startNode(), await startNode()];
    const count = async (name: string) => {
      const infos = await Promise.all(cluster.servers.map((_, index) => cluster.cli(index, 'info', 'commandstats')));
      return infos.reduce(
        (sum, info) => sum + Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(info)?.[1] ?? 0),
        0,
      );
    };
    const [before, startMs] = [await count('spublish'), realClock.nowMs()];
    for (let i = 0; i < 50; i += 1) {
      await from.bus.publish(new Map([a, b].map((node) => [node.bus.nodeId, Buffer.from(`e${i}`)])));
    }
    const grown = (await count('spublish')) - before;
    const beats = 3 * (Math.ceil((realClock.nowMs() - startMs) / 1_000) + 1);
    expect(grown).toBeGreaterThanOrEqual(100);
    expect(grown).toBeLessThanOrEqual(100 + beats);
    for (const node of [a, b]) await until(() => node.events.envelopes.length === 50, 'all envelopes');
    await from.directory.join(Array.from({ length: 60 }, (_, i) => `u:${i}`));
    for (const [index] of cluster.servers.entries()) {
      expect(await cluster.cli(index, 'keys', `${prefix}topic:*`)).not.toBe('');
    }
  });

  it('G9 kill -9: within 15 s nothing of the node is left on any server, and the survivor is told', async () => {
    const survivor = await startNode();
    child = new NodeProcess({ url: cluster.url, mode: 'cluster', prefix, topics: 600, lastMessageId: 9 });
    const deadId = await child.idAfter('joined');
    expect(await survivor.directory.present(['u:600'])).toEqual([true]);
    await child.kill();
    await until(async () => (await cluster.keys(`${prefix}*`)).length === 2, 'the entries to be gone', 15_000);
    await until(() => survivor.events.deaths.length > 0, 'onNodeDead');
    expect(survivor.events.deaths).toEqual([{ nodeId: deadId, lastMessageId: 9 }]);
    expect(await survivor.bus.nodes()).toEqual([survivor.bus.nodeId]);
  });

  it("G4 rejoins when its inbox's slot moves to another server", async () => {
    const node = await startNode();
    const other = await startNode();
    node.events.rejoin = () => node.directory.join(['u:1']);
    const slot = await cluster.cli(0, 'cluster', 'keyslot', `${prefix}inbox:${node.bus.nodeId}`);
    const ids = await Promise.all(cluster.servers.map((_, index) => cluster.cli(index, 'cluster', 'myid')));
    const slots = await Promise.all(cluster.servers.map((_, index) => cluster.cli(index, 'cluster', 'nodes')));
    const owner = slots.findIndex((text) =>
      text
        .split('\n')
        .filter((line) => line.includes('myself'))
        .some((line) =>
          line
            .split(' ')
            .slice(8)
            .some((range) => {
              const [low, high = low] = range.split('-').map(Number);
              return Number(slot) >= (low ?? 0) && Number(slot) <= (high ?? 0);
            }),
        ),
    );
    const target = (owner + 1) % 3;
    // An empty slot moves by word alone: to its new owner first.
    await cluster.cli(target, 'cluster', 'setslot', slot, 'importing', ids[owner] ?? '');
    await cluster.cli(owner, 'cluster', 'setslot', slot, 'migrating', ids[target] ?? '');
    for (const index of [target, owner])
      await cluster.cli(index, 'cluster', 'setslot', slot, 'node', ids[target] ?? '');
    await rejoined(node, 10_000);
    await until(async () => (await other.directory.lookup(['u:1'])).flat().includes(node.bus.nodeId), 'the entry');
    await other.bus.publish(new Map([[node.bus.nodeId, Buffer.from('x')]]));
    await until(() => node.events.envelopes.length > 0, 'an envelope');
  });

  it('G4 rejoins every topic when a server that held some of them has died and come back empty', async () => {
    const node = await startNode();
    const topics = Array.from({ length: 60 }, (_, i) => `u:${i}`);
    await node.directory.join(topics);
    node.events.rejoin = () => node.directory.join(topics);
    const slot = Number(await cluster.cli(0, 'cluster', 'keyslot', `${prefix}{nodes}:leases`));
    // One that holds neither the leases nor the inbox: nothing but its topics tells that it is gone.
    const inbox = Number(await cluster.cli(0, 'cluster', 'keyslot', `${prefix}inbox:${node.bus.nodeId}`));
    const third = (value: number) => Math.min(2, Math.floor(value / (16_384 / 3)));
    const victim = [0, 1, 2].find((index) => index !== third(slot) && index !== third(inbox)) ?? 0;
    await cluster.servers[victim]?.kill();
    await until(() => node.events.downs.length > 0, 'onDown', 5_000);
    await cluster.servers[victim]?.start();
    await cluster.untilOk();
    await rejoined(node, 20_000);
    await until(async () => {
      const seen = await node.directory.lookup(topics);
      return seen.every((ids) => ids.length === 1 && ids[0] === node.bus.nodeId);
    }, 'every topic to be joined by this incarnation alone');
  });
});
