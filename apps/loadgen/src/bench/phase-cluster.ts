import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Cluster, startCluster } from '@parley/local-services';
import type { BenchOptions } from './bench-options.ts';
import type { ClusterResult, ResumeResult } from './bench-report.ts';
import { CounterReader } from './counters.ts';
import { measureIdle } from './phase-idle.ts';
import { measureProtocols } from './phase-load.ts';
import { address } from './phase-raw.ts';
import { measureResume } from './phase-resume.ts';

/** As after the loss of a node. */
const RESUMES_AT_ONCE = 20;

const CLI = fileURLToPath(new URL('../../../cli/bin/parley.js', import.meta.url));

/** Starts that many edges with a database and a Redis of their own. */
export async function startEdges(nodes: number, options: BenchOptions): Promise<Cluster> {
  const profile: string[] = [];
  if (options.profileFolder !== null) {
    const folder = join(resolve(options.profileFolder), `nodes-${nodes}`);
    mkdirSync(folder, { recursive: true });
    profile.push('--cpu-prof', `--cpu-prof-dir=${folder}`);
  }
  return startCluster({
    nodes,
    edgeEntry: { command: process.execPath, args: [...profile, CLI, 'start'] },
    migrate: { command: process.execPath, args: [CLI, 'migrate'] },
    env: { ...process.env, PARLEY_AUTH: 'development', LOG_LEVEL: 'warn' },
  });
}

export async function measureCluster(cluster: Cluster, options: BenchOptions): Promise<ClusterResult> {
  const { mariadb, redis, nodes } = cluster;
  const [first] = nodes;
  if (first === undefined) throw new Error('a cluster has a node');
  // Memory first: later the process would hold garbage of the load.
  const idle =
    options.idleConnections > 0 && nodes.length === 1
      ? await measureIdle({ url: first.url, edgePid: first.pid, connections: options.idleConnections })
      : null;
  const counters = await CounterReader.open(redis.url, address(mariadb));
  const target = {
    name: nodes.length === 1 ? 'one edge' : `${nodes.length} edges`,
    urls: nodes.map((node) => node.url),
    pids: { edge: nodes.map((node) => node.pid), database: [mariadb.pid], redis: [redis.pid] },
    counters,
  };
  const resumes: ResumeResult[] = [];
  if (options.resume && nodes.length === 1) {
    const pids = { edge: first.pid, database: mariadb.pid };
    const passes = Math.min(2, options.rounds);
    const common = { url: first.url, pids, mysql: address(mariadb), counters, passes };
    for (const parallel of [1, RESUMES_AT_ONCE]) {
      // A process that has just started spends as much on compiling as on the first thousand resumes.
      const warmUps = parallel === 1 ? 2 * passes : 1;
      resumes.push(await measureResume({ ...common, parallel, warmUps, users: 400, conversations: 20 }));
      resumes.push(await measureResume({ ...common, parallel, warmUps, users: 40, conversations: 1_000 }));
    }
  }
  const loads = await measureProtocols(target, options);
  await counters.close();
  return { nodes: nodes.length, idle, resumes, ...loads };
}
