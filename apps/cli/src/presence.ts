import { type NodeId, type UserId, userTopic } from '@parley/core';
import { createBus, type EdgeConfig, systemClock } from '@parley/edge';
import { CliError } from './cli-error.ts';

/** Who is connected where, as the cluster's directory says. */
export interface Presence {
  of(userId: UserId): string;
  /** Nodes that hold a lease; null when there is no directory to ask. */
  readonly nodes: readonly NodeId[] | null;
  /** Why nothing is known. */
  readonly note: string | null;
}

const START_TIMEOUT_MS = 5_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Asks the directory in Redis. The directory answers nodes only, so this process is one for a moment, with a lease that it gives back; it takes
 * no clients, joins no topic and leaves dead nodes to those that can announce what they committed.
 * @param lastMessageId reported with the lease, as every node does
 */
export async function lookUpPresence(
  config: EdgeConfig,
  userIds: readonly UserId[],
  lastMessageId: () => Promise<number>,
): Promise<Presence> {
  if (config.bus.kind === 'in_process') {
    const note = 'Who is connected is known to the one node alone: "parley inspect" asks it.';
    return { of: () => 'presence not known here', nodes: null, note };
  }
  const mark = await lastMessageId();
  const { bus, directory } = createBus(config.bus, systemClock, silent, true);
  try {
    await within(
      bus.start({
        onEnvelope: () => undefined,
        onLoss: () => undefined,
        onRejoin: async () => undefined,
        onDown: () => undefined,
        onNodeDead: () => undefined,
        lastMessageId: () => mark,
      }),
    );
    const found = await directory.lookup(userIds.map(userTopic));
    const where = new Map(userIds.map((userId, index) => [userId, found[index] ?? []]));
    const nodes = (await bus.nodes()).filter((node) => node !== bus.nodeId);
    const of = (userId: UserId): string => {
      const places = where.get(userId) ?? [];
      return places.length === 0 ? 'offline' : `connected to ${places.join(', ')}`;
    };
    return { of, nodes, note: null };
  } finally {
    await bus.stop();
  }
}

/** A bus retries its start until it is stopped; a person does not wait that long. */
async function within(start: Promise<void>): Promise<void> {
  let cancel = (): void => undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    cancel = systemClock.after(START_TIMEOUT_MS, () => {
      reject(new CliError('Redis does not answer.', 'Check that it runs, and REDIS_URL.'));
    });
  });
  try {
    await Promise.race([start, expired]);
  } finally {
    cancel();
  }
}
