import type { Bus, BusEvents } from '../ports/bus.ts';
import type { Directory } from '../ports/directory.ts';
import type { NodeId, Topic } from '../types.ts';
import type { SeededNetwork } from './seeded-network.ts';
import type { SeededNode } from './seeded-node.ts';

/** `Bus` of a `SeededNode`. */
export class SeededBus implements Bus {
  nodeId: NodeId;
  up = false;
  readonly #node: SeededNode;
  readonly #network: SeededNetwork;

  constructor(node: SeededNode, network: SeededNetwork, nodeId: NodeId) {
    this.#node = node;
    this.#network = network;
    this.nodeId = nodeId;
  }

  start(events: BusEvents): Promise<void> {
    return this.#node.start(events);
  }

  publish(envelopes: ReadonlyMap<NodeId, Uint8Array>): Promise<void> {
    const others: [NodeId, Uint8Array][] = [];
    for (const [target, bytes] of envelopes) {
      if (target === this.nodeId) this.#node.deliverOwn(bytes);
      else others.push([target, bytes.slice()]);
    }
    if (others.length === 0) return Promise.resolve();
    return this.#node.command(`publish ${this.#node.name}`, () => {
      for (const [target, bytes] of others) this.#network.send(this.#node.name, target, bytes);
    });
  }

  nodes(): Promise<NodeId[]> {
    return this.#node.command(null, () => [...this.#network.leases]);
  }

  stop(): Promise<void> {
    return this.#node.stop();
  }
}

/** `Directory` of a `SeededNode`. A batch takes effect in two parts, at different moments. */
export class SeededDirectory implements Directory {
  readonly #node: SeededNode;
  readonly #network: SeededNetwork;

  constructor(node: SeededNode, network: SeededNetwork) {
    this.#node = node;
    this.#network = network;
  }

  join(topics: readonly Topic[]): Promise<void> {
    return this.#change(topics, (id, part) => {
      if (!this.#network.leases.has(id)) throw new Error('the lease is gone');
      this.#network.table.join(id, part);
    });
  }

  leave(topics: readonly Topic[]): Promise<void> {
    return this.#change(topics, (id, part) => this.#network.table.leave(id, part));
  }

  async lookup(topics: readonly Topic[]): Promise<(readonly NodeId[])[]> {
    const parts = this.#parts(topics).map((part) =>
      this.#node.command(null, () => part.map((topic) => this.#network.table.lookup(topic))),
    );
    return (await Promise.all(parts)).flat();
  }

  async present(topics: readonly Topic[]): Promise<boolean[]> {
    const nodes = await this.lookup(topics);
    return nodes.map((ids) => ids.some((id) => this.#network.leases.has(id)));
  }

  /** A large batch does not change at one moment, but one node's changes keep their order. */
  async #change(topics: readonly Topic[], apply: (id: NodeId, part: readonly Topic[]) => void): Promise<void> {
    const id = this.#node.bus.nodeId;
    const lane = `change ${this.#node.name}`;
    await Promise.all(this.#parts(topics).map((part) => this.#node.command(lane, () => apply(id, part))));
  }

  #parts(topics: readonly Topic[]): (readonly Topic[])[] {
    const cut = this.#network.random.below(topics.length + 1);
    return [topics.slice(0, cut), topics.slice(cut)];
  }
}
