import { cpus } from 'node:os';
import { type Cluster, ensureDebianPackages } from '@parley/local-services';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { type BenchOptions, parseBenchOptions, USAGE } from './bench-options.ts';
import { type BenchReport, broken, type ClusterResult, type LoadResult } from './bench-report.ts';
import { measureCluster, startEdges } from './phase-cluster.ts';
import { measurePlain } from './phase-plain.ts';
import { address, measureRaw } from './phase-raw.ts';
import { printReport } from './print-report.ts';
import { summarizeProfiles } from './profile.ts';

const progress = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** Resolves to the exit code: 1 when one of our own runs lost, doubled or reordered anything. */
export async function main(argv: readonly string[]): Promise<number> {
  const options = parseBenchOptions(argv);
  if (options === null) {
    console.log(USAGE);
    return 0;
  }
  await ensureDebianPackages(['mariadb-server', 'redis-server', 'haproxy'], progress);
  const startedMs = Date.now();
  const report = await measureAll(options);
  console.log(options.json ? JSON.stringify(report) : printReport(report));
  if (options.profileFolder !== null) progress(summarizeProfiles(options.profileFolder, startedMs));
  const faults = broken(report);
  for (const fault of faults) progress(`BROKEN ${fault}`);
  return faults.length === 0 ? 0 : 1;
}

async function measureAll(options: BenchOptions): Promise<BenchReport> {
  const clusters: ClusterResult[] = [];
  let raw: BenchReport['raw'] | null = null;
  let plain: LoadResult | null = null;
  let database = '';
  for (const [index, nodes] of options.nodes.entries()) {
    progress(`starting ${nodes} edge(s), MariaDB and Redis ...`);
    const cluster = await startEdges(nodes, options);
    try {
      progress('measuring ...');
      clusters.push(await measureCluster(cluster, options));
      if (index < options.nodes.length - 1) continue;
      // The edges are stopped, so that the parts and the plain servers have the machine for themselves.
      await Promise.all(cluster.nodes.map((edge) => edge.stop()));
      database = await databaseVersion(cluster);
      progress('measuring the parts alone ...');
      raw = await measureRaw(cluster, options);
      if (options.plain) {
        progress('measuring plain servers ...');
        plain = await measurePlain(cluster, options);
      }
    } finally {
      await cluster.stop();
    }
  }
  if (raw === null) throw new Error('--nodes names no cluster');
  const { pairs, groups, groupSize, window, bodyLength, windowMs } = options;
  const [cpu] = cpus();
  return {
    machine: { cpus: cpus().length, model: cpu?.model.trim() ?? 'unknown CPU', node: process.version, database },
    load: { pairs, groups, groupSize, window, bodyLength, windowMs },
    raw,
    clusters,
    plain,
  };
}

async function databaseVersion(cluster: Cluster): Promise<string> {
  const connection = await createConnection({ ...address(cluster.mariadb) });
  const [rows] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version');
  await connection.end();
  return String(rows[0]?.version);
}
