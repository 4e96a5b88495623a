import type { NodeId, Topic } from '../types.ts';

/**
 * Which nodes have joined which topic. A node's entries live under its lease: a dead node's are gone within 15 s (G9).
 * Linearizable: a `lookup` that begins after a `join` has resolved sees it; never answered from a cache.
 * Rejects while the backend is away, within a bounded time (2 s).
 */
export interface Directory {
  /** Enters this node (its present incarnation). Idempotent. Any number of topics. */
  join(topics: readonly Topic[]): Promise<void>;
  /** Takes this node's entries back. Idempotent. */
  leave(topics: readonly Topic[]): Promise<void>;
  /** For each topic, in order, the nodes that have joined it, this node included. May still name a node that died within the last 15 s. */
  lookup(topics: readonly Topic[]): Promise<(readonly NodeId[])[]>;
  /** For each topic, whether a node with a valid lease has joined it: the presence of a user (G9). */
  present(topics: readonly Topic[]): Promise<boolean[]>;
}
