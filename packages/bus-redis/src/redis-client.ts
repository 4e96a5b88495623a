import type { ConnectionOptions } from 'node:tls';
import type { Log } from '@parley/core';
import type { Cluster, Redis, RedisOptions } from 'ioredis';
import type { Script } from './lua/script.ts';
import type { RedisAddress } from './options.ts';
import { QuietConnector } from './quiet-connector.ts';
import { COMMAND_TIMEOUT_MS } from './timing.ts';

/** The client's options without the one that changes the types of its replies. */
export type ClientOptions = Omit<RedisOptions, 'replyMapping'>;

/** What every connection of ours has in common: it never reconnects, resends or queues behind our back. */
export function baseOptions(address: RedisAddress, tls: ConnectionOptions | undefined, name: string): ClientOptions {
  return {
    username: address.username,
    password: address.password,
    ...(address.tls || tls !== undefined ? { tls: { ...tls } } : {}),
    connectionName: name,
    Connector: QuietConnector,
    protocol: 2,
    lazyConnect: true,
    retryStrategy: () => null,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: COMMAND_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    disableClientInfo: true,
    keepAlive: 5_000,
  };
}

/** Runs a script by its digest, and by its text on a server that does not know it yet. Scripts are idempotent, so twice is no harm. */
export async function runScript(
  client: Redis | Cluster,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await client.evalsha(script.sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!String(error).includes('NOSCRIPT')) throw error;
    return await client.eval(script.source, keys.length, ...keys, ...args);
  }
}

/** The first error of a pipeline's replies. */
export function throwFirst(replies: readonly (readonly [error: Error | null, result: unknown])[] | null): void {
  if (replies === null) throw new Error('the pipeline was not run');
  for (const [error] of replies) {
    if (error !== null) throw error;
  }
}

/**
 * Says so when Redis may throw any key away when its memory is full: an evicted topic is a join that is lost without a sign. Keys with a
 * TTL may be evicted; ours that matter have none.
 */
export async function warnOfEviction(client: Redis, log: Log): Promise<void> {
  const info = await client.info('memory').catch(() => '');
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy?.startsWith('allkeys') === true) {
    log.error({ policy }, 'Redis evicts keys of ours when its memory is full: set maxmemory-policy to noeviction');
  }
}
