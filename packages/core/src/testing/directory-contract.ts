import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NodeId, Topic } from '../types.ts';
import { groupTopic, userTopic } from '../types.ts';
import { type BusHarness, type BusNode, faultsOf, sortedIds, startBusNode } from './bus-harness.ts';
import { Random, testSeed } from './random.ts';

/** What is known for certain about one (node, topic): the last change that resolved, and how many changes are under way. */
interface Known {
  joined: boolean;
  changing: boolean;
  changes: number;
}

/** The promises of `Directory`, for any backend; `faulty` as in `busContract`. */
export function directoryContract(backend: string, createHarness: () => Promise<BusHarness>, faulty: boolean): void {
  describe(`Directory contract: ${backend}`, () => {
    let harness: BusHarness;
    beforeEach(async () => {
      harness = await createHarness();
    });
    afterEach(() => harness.close());

    const startNode = () => startBusNode(harness);
    const lookup = async (node: BusNode, topics: readonly Topic[]): Promise<NodeId[][]> =>
      (await harness.settle(node.directory.lookup(topics))).map((ids) => sortedIds(ids));
    const faults = () => faultsOf(harness);

    it('knows nothing of a topic that nobody joined, and takes empty batches', async () => {
      const node = await startNode();
      expect(await lookup(node, [])).toEqual([]);
      expect(await harness.settle(node.directory.present([]))).toEqual([]);
      await harness.settle(node.directory.join([]));
      await harness.settle(node.directory.leave([]));
      expect(await lookup(node, ['u:1', 'g:1'])).toEqual([[], []]);
      expect(await harness.settle(node.directory.present(['u:1']))).toEqual([false]);
    });

    it('answers in the order of the question, a repeated topic too', async () => {
      const [a, b] = [await startNode(), await startNode()];
      await harness.settle(a.directory.join(['u:1', 'g:5']));
      await harness.settle(b.directory.join(['g:5', 'u:2']));
      const [A, B] = [a.bus.nodeId, b.bus.nodeId];
      expect(await lookup(a, ['u:2', 'u:1', 'u:3', 'g:5', 'u:1'])).toEqual([[B], [A], [], sortedIds([A, B]), [A]]);
      expect(await harness.settle(b.directory.present(['u:3', 'u:2', 'u:1']))).toEqual([false, true, true]);
    });

    it('enters and takes back idempotently, each node only its own', async () => {
      const [a, b, c] = [await startNode(), await startNode(), await startNode()];
      for (const node of [a, a, b, c, b]) await harness.settle(node.directory.join(['g:1', 'g:1']));
      const ids = sortedIds([a, b, c].map((node) => node.bus.nodeId));
      expect(await lookup(a, ['g:1'])).toEqual([ids]);
      for (let i = 0; i < 2; i += 1) await harness.settle(b.directory.leave(['g:1', 'u:99', 'g:1']));
      expect(await lookup(a, ['g:1'])).toEqual([sortedIds([a.bus.nodeId, c.bus.nodeId])]);
      await harness.settle(b.directory.join(['g:1']));
      expect(await lookup(a, ['g:1'])).toEqual([ids]);
      for (const node of [a, b, c]) await harness.settle(node.directory.leave(['g:1']));
      expect(await lookup(a, ['g:1'])).toEqual([[]]);
      expect(await harness.settle(a.directory.present(['g:1']))).toEqual([false]);
    });

    it('takes batches of thousands of topics', async () => {
      const [a, b] = [await startNode(), await startNode()];
      const topics = Array.from({ length: 5_000 }, (_, i) => (i % 2 === 0 ? userTopic(i + 1) : groupTopic(i + 1)));
      await harness.settle(Promise.all([a.directory.join(topics), b.directory.join(topics.slice(2_000))]));
      const both = sortedIds([a.bus.nodeId, b.bus.nodeId]);
      const seen = await lookup(a, topics);
      expect(seen).toEqual(topics.map((_, i) => (i < 2_000 ? [a.bus.nodeId] : both)));
      await harness.settle(a.directory.leave(topics));
      const left = await lookup(b, topics);
      expect(left).toEqual(topics.map((_, i) => (i < 2_000 ? [] : [b.bus.nodeId])));
      const present = await harness.settle(b.directory.present(topics));
      expect(present.filter(Boolean).length).toBe(3_000);
    });

    it('forgets a node that stops', async () => {
      const [a, b] = [await startNode(), await startNode()];
      await harness.settle(a.directory.join(['u:1', 'g:1']));
      await harness.settle(b.directory.join(['g:1']));
      await harness.settle(a.bus.stop());
      expect(await lookup(b, ['u:1', 'g:1'])).toEqual([[], [b.bus.nodeId]]);
      expect(await harness.settle(b.directory.present(['u:1', 'g:1']))).toEqual([false, true]);
      await expect(harness.settle(a.directory.lookup(['g:1']))).rejects.toThrow();
      await expect(harness.settle(a.directory.join(['g:1']))).rejects.toThrow();
    });

    it('G4 is linearizable: a lookup that begins after a join has resolved sees it, whatever else is under way', async () => {
      const random = new Random(testSeed());
      const nodes = [await startNode(), await startNode(), await startNode()];
      const topics = Array.from({ length: 6 }, (_, i) => groupTopic(i + 1));
      const known = new Map<string, Known>();
      const of = (node: BusNode, topic: Topic): Known => {
        const key = `${node.bus.nodeId} ${topic}`;
        const value = known.get(key) ?? { joined: false, changing: false, changes: 0 };
        known.set(key, value);
        return value;
      };
      const change = async (node: BusNode): Promise<void> => {
        const chosen = topics.filter((topic) => !of(node, topic).changing && random.chance(0.4));
        const join = random.chance(0.6);
        for (const topic of chosen) {
          of(node, topic).changing = true;
          of(node, topic).changes += 1;
        }
        await (join ? node.directory.join(chosen) : node.directory.leave(chosen));
        for (const topic of chosen) Object.assign(of(node, topic), { joined: join, changing: false });
      };
      let checked = 0;
      const check = async (node: BusNode): Promise<void> => {
        const certain = nodes.flatMap((other) =>
          topics
            .filter((topic) => !of(other, topic).changing)
            .map((topic) => ({ id: other.bus.nodeId, topic, ...of(other, topic), now: of(other, topic) })),
        );
        const seen = await node.directory.lookup(topics);
        for (const before of certain) {
          // A change that began while the lookup was under way may have come before or after it.
          if (before.now.changes !== before.changes) continue;
          checked += 1;
          const found = seen[topics.indexOf(before.topic)]?.includes(before.id);
          expect(found, `seed ${random.seed}: ${before.topic} of ${before.id}`).toBe(before.joined);
        }
      };
      const lane = async (): Promise<void> => {
        for (let i = 0; i < 60; i += 1) await (random.chance(0.5) ? change : check)(random.pick(nodes));
      };
      await harness.settle(Promise.all([lane(), lane(), lane(), lane()]));
      await harness.settle(check(random.pick(nodes)));
      expect(checked, `seed ${random.seed}`).toBeGreaterThan(100);
    });

    if (!faulty) return;
    describe('with faults', () => {
      it('G9 has nothing of a killed node within 15 s, and no presence that rests on it', async () => {
        const [dead, left] = [await startNode(), await startNode()];
        const topics = Array.from({ length: 1_500 }, (_, i) => userTopic(i + 1));
        await harness.settle(dead.directory.join(topics));
        await harness.settle(left.directory.join(['u:1']));
        expect(await harness.settle(left.directory.present(['u:1', 'u:2']))).toEqual([true, true]);
        await faults().kill(dead);
        await harness.until(
          async () => {
            const [present, seen] = [await left.directory.present(topics), await left.directory.lookup(topics)];
            return present.filter(Boolean).length === 1 && seen.flat().length === 1;
          },
          'the entries of the dead node to be gone',
          15_000,
        );
        expect(await lookup(left, ['u:1', 'u:2'])).toEqual([[left.bus.nodeId], []]);
      });

      it('G4 has every topic again after the backend came back empty and each node joined in onRejoin', async () => {
        const [a, b] = [await startNode(), await startNode()];
        const topics = ['u:1', 'g:1'];
        for (const node of [a, b]) {
          await harness.settle(node.directory.join(topics));
          node.events.rejoin = () => node.directory.join(topics);
        }
        const before = [a.bus.nodeId, b.bus.nodeId];
        await faults().backendDown();
        await harness.until(() => !a.bus.up && !b.bus.up, 'down');
        await expect(harness.settle(a.directory.lookup(topics))).rejects.toThrow();
        await expect(harness.settle(a.directory.join(topics))).rejects.toThrow();
        await expect(harness.settle(a.directory.present(topics))).rejects.toThrow();
        await faults().backendUp({ empty: true });
        await harness.until(() => a.bus.up && b.bus.up, 'both up', 15_000);
        const both = sortedIds([a.bus.nodeId, b.bus.nodeId]);
        expect(both.some((id) => before.includes(id))).toBe(false);
        expect(await lookup(a, topics)).toEqual([both, both]);
        expect(await harness.settle(b.directory.present(topics))).toEqual([true, true]);
      });

      it('G9 has only the new incarnations after the backend came back with its data', async () => {
        const [a, b] = [await startNode(), await startNode()];
        await harness.settle(a.directory.join(['u:1', 'u:2']));
        await harness.settle(b.directory.join(['u:2']));
        // Node a is no longer interested in u:1.
        a.events.rejoin = () => a.directory.join(['u:2']);
        b.events.rejoin = () => b.directory.join(['u:2']);
        await faults().backendDown();
        await harness.until(() => !a.bus.up && !b.bus.up, 'down');
        await faults().backendUp({ empty: false });
        await harness.until(() => a.bus.up && b.bus.up, 'both up', 15_000);
        const both = sortedIds([a.bus.nodeId, b.bus.nodeId]);
        await harness.until(
          async () => JSON.stringify(await a.directory.lookup(['u:1'])) === '[[]]',
          'the entries of the old incarnations to be gone',
          15_000,
        );
        expect(await lookup(a, ['u:1', 'u:2'])).toEqual([[], both]);
        expect(await harness.settle(b.directory.present(['u:1', 'u:2']))).toEqual([false, true]);
      });
    });
  });
}
