import type { Bus, BusEvents } from '../ports/bus.ts';
import type { NodeId } from '../types.ts';
import type { MemoryNetwork } from './memory-network.ts';

/** `Bus` within one process; see `MemoryNetwork`. */
export class MemoryBus implements Bus {
  readonly nodeId: NodeId;
  readonly #network: MemoryNetwork;

  constructor(network: MemoryNetwork, nodeId: NodeId) {
    this.#network = network;
    this.nodeId = nodeId;
  }

  get up(): boolean {
    return this.#network.members.has(this.nodeId);
  }

  start(events: BusEvents): Promise<void> {
    this.#network.members.set(this.nodeId, events);
    return Promise.resolve();
  }

  /** Calls each target's `onEnvelope` before it returns. Rejects when this node has not started or has stopped. */
  publish(envelopes: ReadonlyMap<NodeId, Uint8Array>): Promise<void> {
    if (!this.up) return Promise.reject(new Error('the bus is not started'));
    for (const [target, bytes] of envelopes) this.#network.members.get(target)?.onEnvelope(bytes);
    return Promise.resolve();
  }

  nodes(): Promise<NodeId[]> {
    if (!this.up) return Promise.reject(new Error('the bus is not started'));
    return Promise.resolve([...this.#network.members.keys()]);
  }

  stop(): Promise<void> {
    this.#network.members.delete(this.nodeId);
    this.#network.table.removeNode(this.nodeId);
    return Promise.resolve();
  }
}
