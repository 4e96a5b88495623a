import type { BusEvents } from '../ports/bus.ts';
import type { NodeId } from '../types.ts';
import { MemoryBus } from './memory-bus.ts';
import { MemoryDirectory } from './memory-directory.ts';
import { TopicTable } from './topic-table.ts';

export interface MemoryNode {
  readonly bus: MemoryBus;
  readonly directory: MemoryDirectory;
}

/**
 * The bus and the directory of nodes that live in one process: the embedded single node, and tests that want no faults. Nothing here
 * can be lost, so the `Bus` promises hold trivially: envelopes are handed over within `publish`, and neither `onLoss`, `onDown`, `onRejoin`
 * nor `onNodeDead` is ever called. Its bound is the number of nodes and topics that the process itself holds.
 */
export class MemoryNetwork {
  /** Nodes that have started and not stopped. */
  readonly members = new Map<NodeId, BusEvents>();
  readonly table = new TopicTable();
  #created = 0;

  createNode(): MemoryNode {
    this.#created += 1;
    const bus = new MemoryBus(this, `local-${this.#created}`);
    return { bus, directory: new MemoryDirectory(this, bus) };
  }
}
