import { Cluster, Redis } from 'ioredis';
import type { Script } from './lua/script.ts';
import { parseRedisUrl, type RedisBusOptions } from './options.ts';
import { baseOptions, runScript, warnOfEviction } from './redis-client.ts';
import type { OpenConnections, RedisConnections, RedisConnectionsEvents } from './redis-connections.ts';
import { COMMAND_TIMEOUT_MS } from './timing.ts';

/**
 * A Redis Cluster: one connection for commands to each master in use, and one that listens at the master that owns the inbox's slot. Inboxes
 * are sharded channels; heartbeats are ordinary ones, which the cluster's own bus carries to every server. A master that is lost or
 * leaves ends the session: what it held may have been lost with it (its replica may lag), so every topic is joined again.
 */
class ClusterConnections implements RedisConnections {
  readonly sharded = true;
  /** Heartbeats come through the cluster's bus and may overtake envelopes. */
  readonly reorderMs = 500;
  readonly #events: RedisConnectionsEvents;
  readonly #options: RedisBusOptions;
  readonly #cluster: Cluster;
  /** Rejects what is under way: a Cluster client has no timeout over its retries, and may forget commands when it is closed. */
  readonly #pending = new Set<(reason: string) => void>();
  #listener: Redis | null = null;
  #over = false;
  #lastError = '';

  constructor(events: RedisConnectionsEvents, options: RedisBusOptions) {
    this.#events = events;
    this.#options = options;
    const address = parseRedisUrl(options.url);
    const { lazyConnect, retryStrategy, enableOfflineQueue, ...redisOptions } = baseOptions(
      address,
      options.tls,
      'parley-commands',
    );
    this.#cluster = new Cluster([...address.hosts], {
      redisOptions,
      lazyConnect,
      enableOfflineQueue,
      clusterRetryStrategy: retryStrategy,
      // Groups the GETs and scripts of one turn of the event loop by server, into one write each.
      enableAutoPipelining: true,
      // A command that meets a moved slot is sent again, and reaches its server once; one on a lost connection ends the session.
      maxRedirections: 4,
      slotsRefreshTimeout: 2_000,
      slotsRefreshInterval: 5_000,
    });
    this.#cluster.on('error', (error: Error) => this.#note(error));
    this.#cluster.on('node error', (error: Error) => this.#note(error));
    this.#cluster.on('end', () => this.#lost('the cluster connection has ended'));
  }

  async connect(): Promise<void> {
    await this.#cluster.connect();
    const watch = (node: Redis): void => {
      // A server that was never talked to (a replica) may come and go.
      let used = node.status === 'ready';
      node.on('ready', () => {
        used = true;
      });
      node.on('close', () => {
        if (used) this.#lost('a cluster connection was closed');
      });
    };
    for (const node of this.#cluster.nodes('all')) watch(node);
    this.#cluster.on('+node', watch);
    // A master that does not answer would fail the first join of its topics.
    await this.ping();
    for (const master of this.#cluster.nodes('master')) await warnOfEviction(master, this.#options.log);
  }

  async subscribe(inbox: string, shared: string): Promise<void> {
    const slot = Number(await this.#cluster.cluster('KEYSLOT', inbox));
    const owner = this.#cluster.slots[slot]?.[0];
    const master = this.#cluster.nodes('master').find(({ options }) => `${options.host}:${options.port}` === owner);
    if (master === undefined) throw new Error('no server owns the slot of the inbox');
    if (this.#over) throw new Error('the connection was closed');
    const { host = '', port = 0 } = master.options;
    const address = parseRedisUrl(this.#options.url);
    const listener = new Redis({
      ...baseOptions(address, this.#options.tls, 'parley-inbox'),
      enableReadyCheck: false,
      host,
      port,
    });
    this.#listener = listener;
    listener.on('error', (error: Error) => this.#note(error));
    listener.on('close', () => this.#lost('the inbox connection was closed'));
    listener.on('moved', () => this.#lost("the inbox's slot has moved"));
    listener.on('messageBuffer', (_channel: Buffer, message: Buffer) => this.#events.onMessage(message));
    listener.on('smessageBuffer', (_channel: Buffer, message: Buffer) => this.#events.onMessage(message));
    await listener.connect();
    await listener.ssubscribe(inbox);
    await listener.subscribe(shared);
  }

  async publishToInboxes(messages: readonly (readonly [channel: string, message: Buffer])[]): Promise<void> {
    await this.#bounded(Promise.all(messages.map(([channel, message]) => this.#cluster.spublish(channel, message))));
  }

  async publishToAll(channel: string, message: Buffer): Promise<void> {
    await this.#bounded(this.#cluster.publish(channel, message));
  }

  getAll(keys: string[]): Promise<(Buffer | null)[]> {
    return this.#bounded(Promise.all(keys.map((key) => this.#cluster.getBuffer(key))));
  }

  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.#bounded(runScript(this.#cluster, script, keys, args));
  }

  async ping(): Promise<void> {
    await this.#bounded(Promise.all(this.#cluster.nodes('master').map((node) => node.ping())));
  }

  close(): void {
    this.#over = true;
    this.#cluster.disconnect();
    this.#listener?.disconnect();
    for (const fail of this.#pending) fail('the connection was closed');
  }

  #bounded<T>(operation: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        cancel();
        this.#pending.delete(fail);
      };
      const fail = (reason: string): void => {
        settle();
        reject(new Error(reason));
      };
      const cancel = this.#options.clock.after(COMMAND_TIMEOUT_MS, () => fail('Redis does not answer in time'));
      this.#pending.add(fail);
      operation.finally(settle).then(resolve, reject);
      if (this.#over) fail('the connection was closed');
    });
  }

  #note(error: Error): void {
    this.#lastError = `: ${error.message}`;
  }

  #lost(reason: string): void {
    if (this.#over) return;
    this.close();
    this.#events.onLost(`${reason}${this.#lastError}`);
  }
}

export function openCluster(options: RedisBusOptions): OpenConnections {
  if (parseRedisUrl(options.url).db !== 0) throw new Error('a Redis Cluster has no db but 0');
  return (events) => new ClusterConnections(events, options);
}
