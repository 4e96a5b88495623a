import type { Writable } from 'node:stream';
import { type Cluster, type ClusterOptions, startCluster } from './cluster.ts';
import { ensureDebianPackages } from './debian-packages.ts';
import { onParentGone } from './parent-watch.ts';
import type { ProcessExit } from './server-process.ts';

export interface RunClusterOptions extends Omit<ClusterOptions, 'signal'> {
  /** First line of `stdout` is one JSON object (`ClusterDescription`), and nothing follows it. */
  readonly json?: boolean | undefined;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Stops the cluster, as SIGINT, SIGTERM and SIGHUP do. */
  readonly signal?: AbortSignal | undefined;
}

/** What `--json` prints. */
export interface ClusterDescription {
  readonly url: string;
  readonly nodes: ReadonlyArray<{ readonly url: string; readonly admin: string; readonly pid: number }>;
  readonly mysql: ServiceDescription<string>;
  readonly redis: ServiceDescription<number>;
  readonly balancer: { readonly url: string; readonly admin: string; readonly pid: number };
  readonly folder: string;
}

interface ServiceDescription<Database> {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: Database;
  readonly pid: number;
}

// npm passes on the signals that it gets, so one Ctrl-C in a terminal arrives here twice.
const SAME_SIGNAL_MS = 1000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a cluster until it is told to stop (or npm, which runs it, is gone), and returns the exit code: 0 when it was told to, 1 when it could not start.
 * A part that dies is reported on `stderr`; the rest goes on, since that is what a cluster is for. A second signal does
 * not wait for the edges to drain.
 */
export async function runCluster(options: RunClusterOptions): Promise<number> {
  const { stdout, stderr } = options;
  const stop = new AbortController();
  let cluster: Cluster | undefined;
  let toldAt: number | undefined;
  const onStop = (): void => {
    if (toldAt !== undefined && Date.now() - toldAt > SAME_SIGNAL_MS) void cluster?.kill();
    toldAt ??= Date.now();
    stop.abort(new Error('told to stop'));
  };
  for (const signal of SIGNALS) process.on(signal, onStop);
  options.signal?.addEventListener('abort', onStop, { once: true });
  // Without npm between, a parent that goes may mean no more than a closed shell before a `nohup`.
  const endWatch = process.env.npm_lifecycle_event === undefined ? () => {} : onParentGone(onStop);
  if (options.signal?.aborted === true) onStop();
  try {
    await ensureDebianPackages(['mariadb-server', 'redis-server', 'haproxy'], (line) => stderr.write(`${line}\n`));
    stop.signal.throwIfAborted();
    if (options.json !== true) stderr.write(`starting MariaDB, Redis, ${options.nodes} edges and HAProxy ...\n`);
    cluster = await startCluster({ ...options, signal: stop.signal });
    for (const service of cluster.services) {
      service.onUnexpectedExit((exit) => {
        stderr.write(
          `${service.name} (process ${service.pid}) ${exit.code === 0 ? 'ended' : 'died'}: ${reason(exit)}; the rest goes on\n`,
        );
      });
    }
    stdout.write(options.json === true ? `${JSON.stringify(describeCluster(cluster))}\n` : friendlyText(cluster));
    await aborted(stop.signal);
    stderr.write('stopping ...\n');
    await cluster.stop();
    stderr.write(options.keepFolder === true ? `stopped; data and logs are in ${cluster.folder}\n` : 'stopped\n');
    return 0;
  } catch (error) {
    if (stop.signal.aborted) {
      stderr.write('stopped before everything had started\n');
      return 0;
    }
    stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    endWatch();
    for (const signal of SIGNALS) process.off(signal, onStop);
    options.signal?.removeEventListener('abort', onStop);
  }
}

function describeCluster(cluster: Cluster): ClusterDescription {
  const { mariadb, redis, balancer } = cluster;
  const part = ({ url, admin, pid }: { url: string; admin: string; pid: number }) => ({ url, admin, pid });
  const store = <D>({ host, port, user, password, database, pid }: ServiceDescription<D>): ServiceDescription<D> => ({
    ...{ host, port, user, password, database, pid },
  });
  return {
    url: cluster.url,
    nodes: cluster.nodes.map(part),
    mysql: store(mariadb),
    redis: store(redis),
    balancer: part(balancer),
    folder: cluster.folder,
  };
}

function friendlyText(cluster: Cluster): string {
  const { mariadb, redis, balancer } = cluster;
  const edges = cluster.nodes.map(
    (node) => `  ${node.name.padEnd(9)} ${node.url}  admin ${node.admin}  process ${node.pid}`,
  );
  return [
    'The cluster is up. Chat clients connect to',
    '',
    `  ${cluster.url}`,
    '',
    'Behind it:',
    ...edges,
    `  HAProxy   ${balancer.url}  admin ${balancer.admin}  process ${balancer.pid}`,
    `  MariaDB   mysql --protocol=tcp -h ${mariadb.host} -P ${mariadb.port} -u ${mariadb.user} -p${mariadb.password} ${mariadb.database}`,
    `  Redis     redis-cli -u ${redis.url}`,
    `  logs      ${cluster.folder}`,
    '',
    'Ctrl-C stops everything and removes its data.',
    '',
  ].join('\n');
}

function reason({ code, signal }: ProcessExit): string {
  return signal === null ? `exit code ${code}` : signal;
}

/** The timer keeps the process alive also when everything that it runs has died. */
async function aborted(signal: AbortSignal): Promise<void> {
  const alive = setInterval(() => {}, 60_000);
  try {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  } finally {
    clearInterval(alive);
  }
}
