import { Redis } from 'ioredis';

/** Keys as `packages/bus-redis/src/keys.ts` names them, and the length of an incarnation's id. */
const LEASES = 'parley:{nodes}:leases';
const TOPIC_PREFIX = 'parley:topic:';
const NODE_ID_CHARS = 8;
const SCAN_COUNT = 1_000;

/** A look into the directory past the nodes, and without becoming one: a node takes part in clearing up after the dead. */
export class RedisTraces {
  readonly #redis: Redis;

  constructor(url: string) {
    // Tests stop and start Redis: a command that finds it away rejects instead of waiting.
    this.#redis = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => 100 });
    this.#redis.on('error', () => {});
  }

  /** Every place in which an incarnation is mentioned: keys, whatever they hold, and channels that somebody listens to. */
  async of(nodeId: string): Promise<string[]> {
    const channels = (await this.#redis.pubsub('CHANNELS')) as string[];
    return [...(await this.keysOf(nodeId)), ...channels.filter((channel) => channel.includes(nodeId))];
  }

  async keysOf(nodeId: string): Promise<string[]> {
    const found: string[] = [];
    let cursor = '0';
    do {
      const [next, keys] = await this.#redis.scan(cursor, 'COUNT', SCAN_COUNT);
      cursor = next;
      const held = await Promise.all(keys.map(async (key) => `${key} ${await this.#content(key)}`));
      found.push(...held.filter((text) => text.includes(nodeId)));
    } while (cursor !== '0');
    return found;
  }

  /** Incarnations with a lease that has not ended, by the clock of Redis. */
  async liveNodes(): Promise<string[]> {
    const [seconds, micros] = await this.#redis.time();
    const nowMs = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
    return await this.#redis.zrangebyscore(LEASES, `(${nowMs}`, '+inf');
  }

  /** The users, of those given, that some living node has a connection of (G9). */
  async present(userIds: readonly number[]): Promise<number[]> {
    const [live, values] = await Promise.all([
      this.liveNodes(),
      this.#redis.mget(userIds.map((userId) => `${TOPIC_PREFIX}u:${userId}`)),
    ]);
    return userIds.filter((_userId, index) => packed(values[index] ?? '').some((nodeId) => live.includes(nodeId)));
  }

  close(): void {
    this.#redis.disconnect();
  }

  async #content(key: string): Promise<string> {
    const type = await this.#redis.type(key);
    switch (type) {
      case 'string':
        return (await this.#redis.get(key)) ?? '';
      case 'set':
        return (await this.#redis.smembers(key)).join(' ');
      case 'zset':
        return (await this.#redis.zrange(key, '0', '-1')).join(' ');
      case 'hash':
        return JSON.stringify(await this.#redis.hgetall(key));
      case 'none':
        return '';
      default:
        throw new Error(`${key} is a ${type}, which this test cannot search`);
    }
  }
}

function packed(value: string): string[] {
  const count = Math.floor(value.length / NODE_ID_CHARS);
  return Array.from({ length: count }, (_, at) => value.slice(at * NODE_ID_CHARS, (at + 1) * NODE_ID_CHARS));
}
