import { describe, expect, it } from 'vitest';
import { busContract } from '../testing/bus-contract.ts';
import { type BusHarness, RecordedEvents } from '../testing/bus-harness.ts';
import { directoryContract } from '../testing/directory-contract.ts';
import { MemoryNetwork } from './memory-network.ts';

const createHarness = (): Promise<BusHarness> => {
  const network = new MemoryNetwork();
  const nodes: ReturnType<MemoryNetwork['createNode']>[] = [];
  return Promise.resolve({
    createNode() {
      const node = network.createNode();
      nodes.push(node);
      return Promise.resolve(node);
    },
    // Nothing here takes time: what does not hold now never will.
    async until(condition, what) {
      if (!(await condition())) throw new Error(`waited in vain for ${what}`);
    },
    pass: () => Promise.resolve(),
    settle: (operation) => operation,
    async close() {
      for (const node of nodes) await node.bus.stop();
      expect(network.table.size).toBe(0);
      expect(network.members.size).toBe(0);
    },
  });
};

busContract('memory', createHarness, false);
directoryContract('memory', createHarness, false);

describe('MemoryNetwork', () => {
  it('hands an envelope over within publish, without a copy', async () => {
    const { bus } = new MemoryNetwork().createNode();
    const received: Uint8Array[] = [];
    const events = new RecordedEvents();
    events.onEnvelope = (bytes) => received.push(bytes);
    await bus.start(events);
    const bytes = new Uint8Array([1, 2, 3]);
    const published = bus.publish(new Map([[bus.nodeId, bytes]]));
    expect(received).toEqual([bytes]);
    expect(received[0]).toBe(bytes);
    await published;
  });
});
