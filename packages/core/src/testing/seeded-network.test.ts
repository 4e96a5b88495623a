import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { busContract } from './bus-contract.ts';
import { type BusHarness, RecordedEvents } from './bus-harness.ts';
import { directoryContract } from './directory-contract.ts';
import { FakeClock } from './fake-clock.ts';
import { Random, testSeed } from './random.ts';
import { SeededNetwork } from './seeded-network.ts';
import type { SeededNode } from './seeded-node.ts';

const seed = testSeed();

const createHarness = (): Promise<BusHarness> => {
  const clock = new FakeClock();
  const network = new SeededNetwork({ random: new Random(seed), clock, maxDelayMs: 5 });
  const nodes: SeededNode[] = [];
  const faultOn = (fault: (node: SeededNode) => void) => (node: unknown) =>
    Promise.resolve(fault(nodes.find((known) => known.bus === (node as SeededNode).bus)!));
  const harness: BusHarness = {
    createNode() {
      const node = network.createNode();
      nodes.push(node);
      return Promise.resolve(node);
    },
    async until(condition, what, withinMs = 10_000) {
      const deadlineMs = clock.nowMs() + withinMs;
      while (!(await harness.settle(Promise.resolve(condition())))) {
        if (clock.nowMs() > deadlineMs) throw new Error(`seed ${seed}: waited in vain for ${what}`);
        await clock.advanceAsync(10);
      }
    },
    pass: (ms) => clock.advanceAsync(ms),
    async settle(operation) {
      let settled = false;
      const mark = () => {
        settled = true;
      };
      operation.then(mark, mark);
      for (let i = 0; i < 20_000; i += 1) {
        await clock.advanceAsync(1);
        if (settled) return operation;
      }
      throw new Error(`seed ${seed}: an operation does not end`);
    },
    faults: {
      loseNextTo: faultOn((node) => network.loseNextTo(node)),
      kill: faultOn((node) => node.kill()),
      hang: faultOn((node) => node.hang()),
      backendDown: () => Promise.resolve(network.backendDown()),
      backendUp: (options) => Promise.resolve(network.backendComesUp(options)),
    },
    async close() {
      for (const node of nodes) await node.bus.stop();
      await clock.advanceAsync(20_000);
      expect(clock.pendingTimers, `seed ${seed}`).toBe(0);
    },
  };
  return Promise.resolve(harness);
};

busContract(`seeded network, seed ${seed}`, createHarness, true);
directoryContract(`seeded network, seed ${seed}`, createHarness, true);

describe(`SeededNetwork, seed ${seed}`, () => {
  let clock: FakeClock;
  let network: SeededNetwork;
  beforeEach(() => {
    clock = new FakeClock();
    network = new SeededNetwork({ random: new Random(seed), clock });
  });
  afterEach(() => expect(network.schedule.idle).toBe(true));

  const startNode = async () => {
    const node = network.createNode();
    const events = new RecordedEvents();
    const started = node.bus.start(events);
    await network.flush();
    await started;
    return Object.assign(node, { events });
  };
  const post = (from: SeededNode, to: SeededNode, text: string) =>
    from.bus.publish(new Map([[to.bus.nodeId, Buffer.from(text)]]));

  it('moves nothing until it is told to', async () => {
    const [a, b] = [await startNode(), await startNode()];
    const published = post(a, b, 'x');
    let resolved = false;
    void published.then(() => {
      resolved = true;
    });
    await clock.advanceAsync(1_000);
    expect([resolved, b.events.envelopes.length]).toEqual([false, 0]);
    while (network.step());
    await published;
    expect(b.events.envelopes).toEqual(['x']);
  });

  it('lets a join take effect before it resolves, and an envelope overtake one of another pair', async () => {
    const seen: { early: boolean; overtaken: boolean } = { early: false, overtaken: false };
    for (let round = 0; round < 200 && !(seen.early && seen.overtaken); round += 1) {
      const [a, b, c] = [await startNode(), await startNode(), await startNode()];
      let joined = false;
      const joining = a.directory.join(['g:1']).then(() => {
        joined = true;
      });
      const looking = b.directory.lookup(['g:1']).then(([ids]) => {
        if (ids?.includes(a.bus.nodeId) && !joined) seen.early = true;
      });
      const posts = [post(a, c, 'first'), post(b, c, 'second')];
      while (network.step()) await Promise.resolve();
      await network.flush();
      await Promise.all([joining, looking, ...posts]);
      if (c.events.envelopes[0] === 'second') seen.overtaken = true;
      for (const node of [a, b, c]) await node.bus.stop();
    }
    expect(seen).toEqual({ early: true, overtaken: true });
  });

  it('is the same for the same seed', async () => {
    const run = async (): Promise<string[]> => {
      clock = new FakeClock();
      network = new SeededNetwork({ random: new Random(7), clock, lossRate: 0.2 });
      const nodes = [await startNode(), await startNode(), await startNode()];
      for (let i = 0; i < 50; i += 1) {
        void post(nodes[i % 3]!, nodes[(i * 7 + 1) % 3]!, `m${i}`);
        network.step();
      }
      await network.flush();
      await clock.advanceAsync(2_000);
      return nodes.map((node) => `${node.events.envelopes.join()} ${node.events.losses.length}`);
    };
    const first = await run();
    expect(await run()).toEqual(first);
    expect(first.join()).toMatch(/ [1-9]/);
  });

  it('G9 ends the lease of a partitioned node, and the node rejoins when it is healed', async () => {
    const [a, b] = [await startNode(), await startNode()];
    const before = a.bus.nodeId;
    a.partition();
    const looked = a.directory.lookup(['g:1']);
    const refused = expect(looked).rejects.toThrow();
    await clock.advanceAsync(4_000);
    await refused;
    expect(a.events.downs.length).toBe(1);
    await clock.advanceAsync(6_000);
    await network.flush();
    expect(b.events.deaths.map((death) => death.nodeId)).toEqual([before]);
    a.heal();
    await network.flush();
    expect(a.events.rejoins.length).toBe(1);
    expect(a.bus.up).toBe(true);
    const published = post(b, a, 'x');
    await network.flush();
    await published;
    expect(a.events.envelopes).toEqual(['x']);
  });
});
