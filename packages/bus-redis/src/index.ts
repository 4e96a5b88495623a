/** The bus and the directory of `@parley/core` on Redis: standalone, Sentinel or Cluster (`RedisBusOptions.mode`). */
import type { Bus, Directory } from '@parley/core';
import { openCluster } from './cluster-connections.ts';
import { Keys } from './keys.ts';
import type { RedisBusOptions } from './options.ts';
import { RedisBus } from './redis-bus.ts';
import { RedisDirectory } from './redis-directory.ts';
import { RedisLink } from './redis-link.ts';
import { openStandalone } from './standalone-connections.ts';

export type { RedisBusOptions } from './options.ts';
export { BusDownError } from './redis-link.ts';

/** Bus and directory of one node: two views of one tie to Redis. */
export interface RedisBusParts {
  readonly bus: Bus;
  readonly directory: Directory;
  /** Resolves when Redis answers; rejects within 2 s when it does not, at once when the bus is down. */
  ping(): Promise<void>;
  /** As `bus.stop()`. */
  close(): Promise<void>;
}

/** Connects nothing before `bus.start`. Throws when the options are wrong. */
export function createRedisBus(options: RedisBusOptions): RedisBusParts {
  const keys = new Keys(options.prefix ?? 'parley:');
  const open = options.mode === 'cluster' ? openCluster(options) : openStandalone(options);
  const link = new RedisLink({
    open,
    keys,
    clock: options.clock,
    log: options.log,
    observer: options.observer ?? false,
  });
  return {
    bus: new RedisBus(link, keys),
    directory: new RedisDirectory(link, keys),
    async ping() {
      await link.connected().connections.ping();
    },
    close: () => link.stop(),
  };
}
