import type { Log } from '@parley/core';
import { Redis } from 'ioredis';
import type { Script } from './lua/script.ts';
import { parseRedisUrl, type RedisBusOptions } from './options.ts';
import { QuietSentinelConnector } from './quiet-connector.ts';
import { baseOptions, type ClientOptions, runScript, throwFirst, warnOfEviction } from './redis-client.ts';
import type { OpenConnections, RedisConnections, RedisConnectionsEvents } from './redis-connections.ts';

/** One Redis server, found directly or through sentinels: a connection for commands and one that listens. */
class StandaloneConnections implements RedisConnections {
  readonly sharded = false;
  /** Both connections end at one server, which keeps the order; a publisher that has just reconnected may overtake itself. */
  readonly reorderMs = 50;
  readonly #events: RedisConnectionsEvents;
  readonly #commands: Redis;
  readonly #listener: Redis;
  readonly #log: Log;
  #over = false;
  #lastError = '';

  constructor(events: RedisConnectionsEvents, log: Log, options: (name: string) => ClientOptions) {
    this.#events = events;
    this.#log = log;
    this.#commands = new Redis(options('parley-commands'));
    this.#listener = new Redis({ ...options('parley-inbox'), enableReadyCheck: false });
    for (const [name, client] of Object.entries({ commands: this.#commands, inbox: this.#listener })) {
      client.on('error', (error: Error) => {
        this.#lastError = `: ${error.message}`;
      });
      client.on('close', () => this.#lost(`the ${name} connection was closed${this.#lastError}`));
    }
    this.#listener.on('messageBuffer', (_channel: Buffer, message: Buffer) => events.onMessage(message));
  }

  async connect(): Promise<void> {
    await Promise.all([this.#commands.connect(), this.#listener.connect()]);
    await warnOfEviction(this.#commands, this.#log);
  }

  async subscribe(inbox: string, shared: string): Promise<void> {
    await this.#listener.subscribe(inbox, shared);
  }

  async publishToInboxes(messages: readonly (readonly [channel: string, message: Buffer])[]): Promise<void> {
    const [first] = messages;
    if (first !== undefined && messages.length === 1) {
      await this.#commands.publish(...first);
      return;
    }
    const pipeline = this.#commands.pipeline();
    for (const [channel, message] of messages) pipeline.publish(channel, message);
    throwFirst(await pipeline.exec());
  }

  async publishToAll(channel: string, message: Buffer): Promise<void> {
    await this.#commands.publish(channel, message);
  }

  getAll(keys: string[]): Promise<(Buffer | null)[]> {
    return this.#commands.mgetBuffer(keys);
  }

  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return runScript(this.#commands, script, keys, args);
  }

  async ping(): Promise<void> {
    await this.#commands.ping();
  }

  close(): void {
    this.#over = true;
    this.#commands.disconnect();
    this.#listener.disconnect();
  }

  #lost(reason: string): void {
    if (this.#over) return;
    this.close();
    this.#events.onLost(reason);
  }
}

/** Opens sessions on one server, or on the master that sentinels name. */
export function openStandalone(options: RedisBusOptions): OpenConnections {
  const sentinel = options.mode === 'sentinel';
  const address = parseRedisUrl(options.url, sentinel ? 26_379 : 6_379);
  const [server] = address.hosts;
  if (server === undefined) throw new Error('the Redis URL names no host');
  if (!sentinel && address.hosts.length > 1) {
    throw new Error('the Redis URL names several hosts: set the mode to sentinel or cluster');
  }
  const place: ClientOptions = sentinel
    ? {
        sentinels: address.hosts.map((host) => ({ ...host })),
        name: options.masterName ?? 'mymaster',
        Connector: QuietSentinelConnector,
        sentinelPassword: options.sentinelPassword,
        sentinelRetryStrategy: () => null,
        enableTLSForSentinelMode: address.tls,
        ...(address.tls ? { sentinelTLS: { ...options.tls } } : {}),
      }
    : { ...server };
  return (events) =>
    new StandaloneConnections(events, options.log, (name) => ({
      ...baseOptions(address, options.tls, name),
      ...place,
      db: address.db,
    }));
}
