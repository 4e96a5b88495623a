import { createRedisBus } from '@parley/bus-redis';
import { type Bus, type Clock, type Directory, type Log, MemoryNetwork } from '@parley/core';
import type { EdgeConfig } from './config.ts';
import { ConfigError } from './config-error.ts';

/** The bus and the directory that the configuration names; an `observer` only looks. Connects nothing yet. */
export function createBus(
  config: EdgeConfig['bus'],
  clock: Clock,
  log: Log,
  observer = false,
): { bus: Bus; directory: Directory } {
  if (config.kind === 'in_process') return new MemoryNetwork().createNode();
  const { url, mode, masterName, sentinelPassword, prefix } = config;
  try {
    return createRedisBus({
      ...{ url, mode, clock, log, observer },
      ...(masterName === null ? {} : { masterName }),
      ...(sentinelPassword === null ? {} : { sentinelPassword }),
      ...(prefix === null ? {} : { prefix }),
    });
  } catch (error) {
    // Its message names what is wrong and never repeats the address, which may hold a password.
    throw new ConfigError([`REDIS_URL cannot be used: ${(error as Error).message}.`]);
  }
}
