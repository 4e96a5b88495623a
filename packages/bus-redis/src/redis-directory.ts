import type { Directory, NodeId, Topic } from '@parley/core';
import { type Keys, NODE_ID_CHARS } from './keys.ts';
import { liveNodes } from './lua/live-nodes.ts';
import type { RedisLink } from './redis-link.ts';
import { TopicChanges } from './topic-changes.ts';

/** Keys of one MGET. */
const MAX_KEYS_PER_READ = 1_024;
const NOBODY: readonly NodeId[] = Object.freeze([]);

/** The incarnations packed into a topic's value. */
function unpackNodeIds(value: Buffer | null): readonly NodeId[] {
  if (value === null) return NOBODY;
  if (value.length === NODE_ID_CHARS) return [value.toString('latin1')];
  const ids: NodeId[] = [];
  for (let at = 0; at + NODE_ID_CHARS <= value.length; at += NODE_ID_CHARS) {
    ids.push(value.toString('latin1', at, at + NODE_ID_CHARS));
  }
  return ids;
}

/**
 * `Directory` on Redis: one string per topic, changed only by scripts, so that a batch is looked up by one MGET. Linearizable on one server;
 * after a failover every node joins its topics again, since the new master may not have had the last joins of the old one.
 */
export class RedisDirectory implements Directory {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  readonly #changes: TopicChanges;

  constructor(link: RedisLink, keys: Keys) {
    this.#link = link;
    this.#keys = keys;
    this.#changes = new TopicChanges(link, keys);
  }

  join(topics: readonly Topic[]): Promise<void> {
    return this.#changes.apply('join', topics);
  }

  leave(topics: readonly Topic[]): Promise<void> {
    return this.#changes.apply('leave', topics);
  }

  async lookup(topics: readonly Topic[]): Promise<(readonly NodeId[])[]> {
    const { connections } = this.#link.connected();
    if (topics.length === 0) return [];
    const keys = topics.map((topic) => this.#keys.topic(topic));
    if (keys.length <= MAX_KEYS_PER_READ) return (await connections.getAll(keys)).map(unpackNodeIds);
    const pages: Promise<(Buffer | null)[]>[] = [];
    for (let at = 0; at < keys.length; at += MAX_KEYS_PER_READ) {
      pages.push(connections.getAll(keys.slice(at, at + MAX_KEYS_PER_READ)));
    }
    return (await Promise.all(pages)).flat().map(unpackNodeIds);
  }

  async present(topics: readonly Topic[]): Promise<boolean[]> {
    const { connections } = this.#link.connected();
    if (topics.length === 0) return [];
    const [live, nodes] = await Promise.all([
      connections.run(liveNodes, [this.#keys.leases], []) as Promise<NodeId[]>,
      this.lookup(topics),
    ]);
    const holders = new Set(live);
    return nodes.map((ids) => ids.some((id) => holders.has(id)));
  }
}
