import type { Bus } from '../ports/bus.ts';
import type { Directory } from '../ports/directory.ts';
import type { NodeId, Topic } from '../types.ts';
import type { MemoryNetwork } from './memory-network.ts';

/** `Directory` within one process; see `MemoryNetwork`. Rejects before the bus has started and after it has stopped. */
export class MemoryDirectory implements Directory {
  readonly #network: MemoryNetwork;
  readonly #bus: Bus;

  constructor(network: MemoryNetwork, bus: Bus) {
    this.#network = network;
    this.#bus = bus;
  }

  join(topics: readonly Topic[]): Promise<void> {
    return this.#run(() => this.#network.table.join(this.#bus.nodeId, topics));
  }

  leave(topics: readonly Topic[]): Promise<void> {
    return this.#run(() => this.#network.table.leave(this.#bus.nodeId, topics));
  }

  lookup(topics: readonly Topic[]): Promise<(readonly NodeId[])[]> {
    return this.#run(() => topics.map((topic) => this.#network.table.lookup(topic)));
  }

  /** A node that stops takes its entries with it, so an entry is presence. */
  present(topics: readonly Topic[]): Promise<boolean[]> {
    return this.#run(() => topics.map((topic) => this.#network.table.lookup(topic).length > 0));
  }

  #run<T>(fn: () => T): Promise<T> {
    return this.#bus.up ? Promise.resolve(fn()) : Promise.reject(new Error('the bus is not started'));
  }
}
