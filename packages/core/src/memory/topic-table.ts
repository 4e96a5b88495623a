import type { NodeId, Topic } from '../types.ts';

const NOBODY: readonly NodeId[] = Object.freeze([]);

/** Which nodes have joined which topic, in memory. Lists are never changed in place, so a `lookup` hands them out without a copy. */
export class TopicTable {
  readonly #nodes = new Map<Topic, readonly NodeId[]>();
  readonly #topics = new Map<NodeId, Set<Topic>>();
  /** One list per node for the common topic of one node: a topic then costs a map entry and no list. */
  readonly #alone = new Map<NodeId, readonly NodeId[]>();

  join(nodeId: NodeId, topics: readonly Topic[]): void {
    const own = this.#topics.get(nodeId) ?? new Set<Topic>();
    this.#topics.set(nodeId, own);
    for (const topic of topics) {
      if (own.has(topic)) continue;
      own.add(topic);
      const present = this.#nodes.get(topic);
      this.#nodes.set(topic, present === undefined ? this.#aloneList(nodeId) : [...present, nodeId]);
    }
  }

  leave(nodeId: NodeId, topics: readonly Topic[]): void {
    const own = this.#topics.get(nodeId);
    if (own === undefined) return;
    for (const topic of topics) {
      if (own.delete(topic)) this.#remove(nodeId, topic);
    }
    if (own.size === 0) this.#forget(nodeId);
  }

  /** Takes back every entry of the node. */
  removeNode(nodeId: NodeId): void {
    for (const topic of this.#topics.get(nodeId) ?? []) this.#remove(nodeId, topic);
    this.#forget(nodeId);
  }

  lookup(topic: Topic): readonly NodeId[] {
    return this.#nodes.get(topic) ?? NOBODY;
  }

  /** Topics that somebody has joined. */
  get size(): number {
    return this.#nodes.size;
  }

  #remove(nodeId: NodeId, topic: Topic): void {
    const left = this.lookup(topic).filter((id) => id !== nodeId);
    const [first] = left;
    if (first === undefined) this.#nodes.delete(topic);
    else this.#nodes.set(topic, left.length === 1 ? this.#aloneList(first) : left);
  }

  #aloneList(nodeId: NodeId): readonly NodeId[] {
    let list = this.#alone.get(nodeId);
    if (list === undefined) {
      list = Object.freeze([nodeId]);
      this.#alone.set(nodeId, list);
    }
    return list;
  }

  #forget(nodeId: NodeId): void {
    this.#topics.delete(nodeId);
    this.#alone.delete(nodeId);
  }
}
