import type { NodeId, Topic } from '@parley/core';
import type { Keys } from './keys.ts';
import { enterTopic } from './lua/enter-topic.ts';
import { joinTopics } from './lua/join-topics.ts';
import { leaveTopics } from './lua/leave-topics.ts';
import { registerTopics } from './lua/register-topics.ts';
import { removeTopic } from './lua/remove-topic.ts';
import { unregisterTopics } from './lua/unregister-topics.ts';
import type { RedisConnections } from './redis-connections.ts';

/** Topics that one script changes: below a millisecond of Redis' time. */
export const MAX_TOPICS_PER_PAGE = 512;

/**
 * Enters an incarnation into at most a page of topics; false when its lease has ended, and then nothing of it is left behind.
 *
 * In a cluster the steps cannot be one script. The incarnation's own set comes first, as always; the lease is looked at again behind
 * the entries, for a reaper may have passed between the two. Only a process that is paused between the steps for longer than its lease and killed
 * before it goes on leaves entries of a dead incarnation: a lookup may then name a node that takes nothing, and presence is not touched.
 */
export async function enterTopics(
  connections: RedisConnections,
  keys: Keys,
  nodeId: NodeId,
  topics: readonly Topic[],
): Promise<boolean> {
  const own = keys.topicsOf(nodeId);
  if (!connections.sharded) {
    const lists = topics.map((topic) => keys.topic(topic));
    return (await connections.run(joinTopics, [keys.leases, own, ...lists], [nodeId, keys.topicPrefix.length])) === 1;
  }
  const register = () => connections.run(registerTopics, [keys.leases, own], [nodeId, ...topics]);
  if ((await register()) !== 1) return false;
  await Promise.all(topics.map((topic) => connections.run(enterTopic, [keys.topic(topic)], [nodeId])));
  if ((await register()) === 1) return true;
  await removeTopics(connections, keys, nodeId, topics);
  return false;
}

/** Takes an incarnation out of at most a page of topics. */
export async function removeTopics(
  connections: RedisConnections,
  keys: Keys,
  nodeId: NodeId,
  topics: readonly Topic[],
): Promise<void> {
  const own = keys.topicsOf(nodeId);
  if (!connections.sharded) {
    const lists = topics.map((topic) => keys.topic(topic));
    await connections.run(leaveTopics, [own, ...lists], [nodeId, keys.topicPrefix.length]);
    return;
  }
  await Promise.all(topics.map((topic) => connections.run(removeTopic, [keys.topic(topic)], [nodeId])));
  await connections.run(unregisterTopics, [own], topics);
}
