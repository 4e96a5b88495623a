import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NodeId } from '../types.ts';
import { type BusHarness, type BusNode, faultsOf, RecordedEvents, sortedIds, startBusNode } from './bus-harness.ts';

const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const numbered = (name: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `${name}${from + i}`);

/**
 * The promises of `Bus`, for any backend. `faulty`: the backend can be made to fail (`BusHarness.faults`), and what it promises
 * for then is tested too.
 */
export function busContract(backend: string, createHarness: () => Promise<BusHarness>, faulty: boolean): void {
  describe(`Bus contract: ${backend}`, () => {
    let harness: BusHarness;
    beforeEach(async () => {
      harness = await createHarness();
    });
    afterEach(() => harness.close());

    const startNode = () => startBusNode(harness);
    const send = (from: BusNode, to: BusNode, text: string): Promise<void> =>
      harness.settle(from.bus.publish(new Map([[to.bus.nodeId, utf8(text)]])));
    const faults = () => faultsOf(harness);

    it('is up and reachable once start has resolved', async () => {
      const node = await harness.createNode();
      expect(node.bus.up).toBe(false);
      const events = new RecordedEvents();
      await harness.settle(node.bus.start(events));
      expect(node.bus.up).toBe(true);
      expect(node.bus.nodeId).toMatch(/^[A-Za-z0-9_-]{1,32}$/);
      const other = await startNode();
      expect(other.bus.nodeId).not.toBe(node.bus.nodeId);
      await send(other, node, 'hello');
      await harness.until(() => events.envelopes.length > 0, 'the envelope to arrive');
      expect(events.envelopes).toEqual(['hello']);
      expect(events.rejoins).toEqual([]);
    });

    it('carries any bytes unchanged, from none to 1 MB, each envelope to its own target', async () => {
      const [from, a, b] = [await startNode(), await startNode(), await startNode()];
      const received: Uint8Array[] = [];
      a.events.onEnvelope = (bytes) => received.push(Uint8Array.from(bytes));
      const large = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 31) & 255);
      const every = Uint8Array.from({ length: 256 }, (_, i) => i);
      for (const bytes of [new Uint8Array(0), every, large]) {
        await harness.settle(
          from.bus.publish(
            new Map([
              [a.bus.nodeId, bytes],
              [b.bus.nodeId, utf8('other')],
            ]),
          ),
        );
      }
      await harness.until(() => received.length === 3 && b.events.envelopes.length === 3, 'three envelopes each');
      expect(received.map((bytes) => bytes.length)).toEqual([0, 256, 1 << 20]);
      expect(received.map((bytes, i) => Buffer.compare(bytes, [new Uint8Array(0), every, large][i] ?? bytes))).toEqual([
        0, 0, 0,
      ]);
      expect(b.events.envelopes).toEqual(['other', 'other', 'other']);
    });

    it('keeps the order of each publisher, and brings each envelope once', async () => {
      const [target, a, b] = [await startNode(), await startNode(), await startNode()];
      const sends: Promise<void>[] = [];
      for (let i = 1; i <= 300; i += 1) {
        for (const [name, node] of [['a', a] as const, ['b', b] as const]) {
          sends.push(node.bus.publish(new Map([[target.bus.nodeId, utf8(`${name}${i}`)]])));
        }
      }
      await harness.settle(Promise.all(sends));
      await harness.until(() => target.events.envelopes.length >= 600, 'all envelopes');
      const of = (name: string) => target.events.envelopes.filter((text) => text.startsWith(name));
      expect(of('a')).toEqual(numbered('a', 1, 300));
      expect(of('b')).toEqual(numbered('b', 1, 300));
      await harness.pass(3_000);
      expect(target.events.envelopes.length).toBe(600);
      expect(target.events.losses).toEqual([]);
    });

    it('hands a node its own envelope', async () => {
      const [node, other] = [await startNode(), await startNode()];
      await harness.settle(
        node.bus.publish(
          new Map([
            [node.bus.nodeId, utf8('own')],
            [other.bus.nodeId, utf8('other')],
          ]),
        ),
      );
      await harness.until(() => other.events.envelopes.length === 1, 'the other envelope');
      expect(node.events.envelopes).toEqual(['own']);
      expect(other.events.envelopes).toEqual(['other']);
    });

    it('takes an envelope to a node that is gone, or never was, without an error', async () => {
      const [node, gone] = [await startNode(), await startNode()];
      await harness.settle(gone.bus.stop());
      await harness.settle(
        node.bus.publish(
          new Map([
            [gone.bus.nodeId, utf8('x')],
            ['AAAAAAAA', utf8('y')],
            ['-', utf8('z')],
          ]),
        ),
      );
      expect(gone.events.envelopes).toEqual([]);
    });

    it('names all nodes that hold a lease, and forgets one that says goodbye without calling it dead', async () => {
      const [a, b] = [await startNode(), await startNode()];
      expect(sortedIds(await harness.settle(a.bus.nodes()))).toEqual(sortedIds([a.bus.nodeId, b.bus.nodeId]));
      await harness.settle(b.bus.stop());
      await harness.settle(b.bus.stop());
      expect(b.bus.up).toBe(false);
      expect(await harness.settle(a.bus.nodes())).toEqual([a.bus.nodeId]);
      await harness.pass(3_000);
      expect(a.events.deaths).toEqual([]);
    });

    it('refuses to publish to others before start and after stop', async () => {
      const target = await startNode();
      const node = await harness.createNode();
      const envelope = new Map([[target.bus.nodeId, utf8('x')]]);
      await expect(harness.settle(node.bus.publish(envelope))).rejects.toThrow();
      await harness.settle(node.bus.start(new RecordedEvents()));
      await harness.settle(node.bus.stop());
      await expect(harness.settle(node.bus.publish(envelope))).rejects.toThrow();
      expect(target.events.envelopes).toEqual([]);
    });

    if (!faulty) return;
    describe('with faults', () => {
      it('G4 announces the loss of an envelope that others follow, and brings the others in order', async () => {
        const [from, to] = [await startNode(), await startNode()];
        await send(from, to, 'e1');
        await harness.until(() => to.events.envelopes.length === 1, 'the first envelope');
        await faults().loseNextTo(to);
        await send(from, to, 'e2');
        await send(from, to, 'e3');
        await send(from, to, 'e4');
        await harness.until(() => to.events.losses.length > 0, 'onLoss', 5_000);
        await harness.until(() => to.events.envelopes.length === 3, 'the envelopes behind it');
        expect(to.events.envelopes).toEqual(['e1', 'e3', 'e4']);
        await harness.pass(3_000);
        expect(to.events.losses.length).toBe(1);
      });

      it('G4 announces the loss of an envelope that nothing follows, also the very first', async () => {
        const [from, to, other] = [await startNode(), await startNode(), await startNode()];
        await faults().loseNextTo(to);
        await send(from, to, 'e1');
        await send(from, other, 'f1');
        await harness.until(() => to.events.losses.length > 0, 'onLoss', 5_000);
        expect(to.events.envelopes).toEqual([]);
        await harness.pass(3_000);
        expect(to.events.losses.length).toBe(1);
        expect(other.events.losses).toEqual([]);
        await send(from, to, 'e2');
        await harness.until(() => to.events.envelopes.length === 1, 'the next envelope');
      });

      it('G4 notices an inbox that hangs half-open, and rejoins with a new incarnation', async () => {
        const [from, to] = [await startNode(), await startNode()];
        const before = to.bus.nodeId;
        await faults().hang(to);
        await send(from, to, 'vanishes');
        await harness.until(() => to.events.downs.length > 0, 'onDown', 5_000);
        await harness.until(() => to.bus.up && to.events.rejoins.length > 0, 'the rejoin', 5_000);
        expect(to.bus.nodeId).not.toBe(before);
        await send(from, to, 'arrives');
        await harness.until(() => to.events.envelopes.length > 0, 'an envelope to the new inbox');
        expect(to.events.envelopes).toEqual(['arrives']);
      });

      it('G9 announces a killed node once, on one survivor, with its last message id', async () => {
        const [dead, witness] = [await startNode(), await startNode()];
        const survivors = [witness, await startNode()];
        dead.events.last = 4711;
        await harness.pass(2_500);
        const id = dead.bus.nodeId;
        await faults().kill(dead);
        const deaths = () => survivors.flatMap((node) => node.events.deaths);
        await harness.until(() => deaths().length > 0, 'onNodeDead', 15_000);
        expect(deaths()).toEqual([{ nodeId: id, lastMessageId: 4711 }]);
        const left = await harness.settle(witness.bus.nodes());
        expect(sortedIds(left)).toEqual(sortedIds(survivors.map((node) => node.bus.nodeId)));
        await harness.pass(3_000);
        expect(deaths().length).toBe(1);
      });

      it.each([{ empty: true }, { empty: false }])(
        'G4 survives the backend going away and coming back, empty: $empty',
        async (options) => {
          const [a, b] = [await startNode(), await startNode()];
          const before: NodeId = a.bus.nodeId;
          let release: () => void = () => {};
          const joined = new Promise<void>((resolve) => {
            release = resolve;
          });
          a.events.rejoin = () => joined;
          await faults().backendDown();
          await harness.until(() => a.events.downs.length > 0 && b.events.downs.length > 0, 'onDown everywhere');
          expect([a.bus.up, b.bus.up]).toEqual([false, false]);
          await expect(send(a, b, 'lost')).rejects.toThrow();
          expect(a.events.rejoins).toEqual([]);
          await faults().backendUp(options);
          await harness.until(() => a.events.rejoins.length > 0 && b.bus.up, 'onRejoin', 15_000);
          expect(a.bus.up).toBe(false);
          expect(a.bus.nodeId).not.toBe(before);
          release();
          await harness.until(() => a.bus.up, 'up after onRejoin', 15_000);
          await send(b, a, 'after');
          await harness.until(() => a.events.envelopes.length > 0, 'an envelope to the new inbox');
          expect(a.events.envelopes).toEqual(['after']);
          expect(sortedIds(await harness.settle(b.bus.nodes()))).toEqual(sortedIds([a.bus.nodeId, b.bus.nodeId]));
          expect([a.events.downs.length, a.events.rejoins.length]).toEqual([1, 1]);
        },
      );

      it('hands a node its own envelope also while the backend is away', async () => {
        const node = await startNode();
        await faults().backendDown();
        await harness.until(() => node.events.downs.length > 0, 'onDown');
        await send(node, node, 'own');
        expect(node.events.envelopes).toEqual(['own']);
        await faults().backendUp({ empty: false });
      });

      it('starts once the backend is there, and gives up only when it is told to stop', async () => {
        await faults().backendDown();
        const [late, stopped] = [await harness.createNode(), await harness.createNode()];
        const starting = late.bus.start(new RecordedEvents());
        const refused = stopped.bus.start(new RecordedEvents());
        refused.catch(() => {});
        await harness.pass(1_000);
        expect(late.bus.up).toBe(false);
        await harness.settle(stopped.bus.stop());
        await expect(harness.settle(refused)).rejects.toThrow();
        await faults().backendUp({ empty: true });
        await harness.settle(starting);
        expect(late.bus.up).toBe(true);
      });
    });
  });
}
