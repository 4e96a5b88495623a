import type { MariadbService, RedisService } from '@parley/local-services';
import type { BenchOptions } from './bench-options.ts';
import type { LoadResult } from './bench-report.ts';
import { startServer } from './child.ts';
import { CounterReader } from './counters.ts';
import { measureLoad } from './phase-load.ts';
import { address } from './phase-raw.ts';

const NODES = 3;
/** Of each node's pool: as mysql2 has it by itself. */
const CONNECTIONS = 10;

/** Three plain servers on the same database and Redis, under the same load: for scale. */
export async function measurePlain(
  services: { readonly mariadb: MariadbService; readonly redis: RedisService },
  options: BenchOptions,
): Promise<LoadResult> {
  const { mariadb, redis } = services;
  const mysql = address(mariadb);
  const shared = JSON.stringify({ mysql, redisUrl: redis.url, connections: CONNECTIONS });
  const servers: Awaited<ReturnType<typeof startServer>>[] = [];
  const counters = await CounterReader.open(redis.url, mysql);
  try {
    for (let i = 0; i < NODES; i++) {
      servers.push(await startServer('plain-server.js', ['--port', '0', '--owned', '--shared', shared]));
    }
    const pids = { edge: servers.map(({ child }) => child.pid), database: [mariadb.pid], redis: [redis.pid] };
    const urls = servers.map(({ url }) => url);
    const target = { name: `${NODES} plain servers`, urls, pids, counters };
    return await measureLoad(target, 'legacy', { kind: 'closed', window: options.window }, options);
  } finally {
    await Promise.all(servers.map(({ child }) => child.stop()));
    await counters.close();
  }
}
