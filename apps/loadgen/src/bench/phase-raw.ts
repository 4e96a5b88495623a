import type { DatabaseAddress, MariadbService, RedisService } from '@parley/local-services';
import type { EchoPlan } from '../driver/driver-plan.ts';
import { measureInsert } from '../raw/raw-insert.ts';
import { measurePublish } from '../raw/raw-publish.ts';
import type { RawResult } from '../raw/raw-result.ts';
import type { BenchOptions } from './bench-options.ts';
import type { BenchReport } from './bench-report.ts';
import { startServer } from './child.ts';
import { runDriver } from './run-driver.ts';

/** What the parts can do alone, one after the other, on the same machine, database and Redis as the loads. */
export async function measureRaw(
  services: { readonly mariadb: MariadbService; readonly redis: RedisService },
  options: BenchOptions,
): Promise<BenchReport['raw']> {
  const { mariadb, redis } = services;
  const { bodyLength, rawMs } = options;
  const conversations = Math.max(1, options.pairs + options.groups);
  return {
    echo: await measureEcho(options),
    insert: await measureInsert({
      mysql: address(mariadb),
      pid: mariadb.pid,
      bodyLength,
      conversations,
      durationMs: rawMs,
    }),
    publish: await measurePublish({ redisUrl: redis.url, pid: redis.pid, durationMs: rawMs }),
  };
}

export const address = ({ host, port, user, password, database }: DatabaseAddress): DatabaseAddress => {
  return { host, port, user, password, database };
};

async function measureEcho(options: BenchOptions): Promise<RawResult> {
  const { pairs, bodyLength, window, rawMs } = options;
  const { child, url } = await startServer('raw-echo.js', []);
  const plan: EchoPlan = {
    kind: 'echo',
    url,
    connections: Math.max(2, 2 * pairs),
    ...{ window, bodyLength },
    warmupMs: rawMs / 4,
    windowMs: rawMs,
    watch: { server: [child.pid] },
  };
  try {
    const { acknowledged, windowMs, cpuUs } = await runDriver(plan);
    return { perSecond: (acknowledged * 1_000) / windowMs, serverCpuUs: (cpuUs.server ?? 0) / acknowledged };
  } finally {
    await child.stop();
  }
}
