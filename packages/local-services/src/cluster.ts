import { join } from 'node:path';
import { type Command, type EdgeService, makeEdge } from './edge.ts';
import { type HaproxyService, startHaproxy } from './haproxy.ts';
import { keepFolder, type LocalService, makeFolder, removeFolder } from './local-service.ts';
import { type DatabaseAddress, type MariadbOptions, type MariadbService, startMariadb } from './mariadb.ts';
import { type RedisOptions, type RedisService, startRedis } from './redis.ts';
import { runToEnd } from './server-process.ts';

export interface ClusterOptions {
  /** How many edges. */
  readonly nodes: number;
  /** Starts one edge, e.g. `node …/parley.js start`. Paths are absolute. */
  readonly edgeEntry: Command;
  /** Brings the database's schema up to date, once, before the first edge starts. */
  readonly migrate?: Command | undefined;
  /** Where clients connect; default: a free loopback port. */
  readonly balancerPort?: number | undefined;
  /** What edges get beside the addresses of the services, which win; `PARLEY_AUTH` is `development` unless given. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly mariadb?: MariadbOptions;
  readonly redis?: RedisOptions;
  /** Leave data and logs behind after `stop`. */
  readonly keepFolder?: boolean | undefined;
  /** Ends a start that is under way: it rejects with the signal's reason, and nothing is left running. */
  readonly signal?: AbortSignal | undefined;
}

const MIGRATE_TIMEOUT_MS = 60_000;
const MAX_NODES = 64;

/** MariaDB, Redis, a number of edges and HAProxy before them: real processes, on loopback ports of their own. */
export class Cluster {
  readonly mariadb: MariadbService;
  readonly redis: RedisService;
  readonly nodes: readonly EdgeService[];
  readonly balancer: HaproxyService;
  /** Holds the folder, with data and log, of each of them. */
  readonly folder: string;
  private readonly keep: boolean;

  constructor(parts: Parts & { folder: string; keep: boolean }) {
    this.mariadb = parts.mariadb;
    this.redis = parts.redis;
    this.nodes = parts.nodes;
    this.balancer = parts.balancer;
    this.folder = parts.folder;
    this.keep = parts.keep;
  }

  /** Where chat clients connect. */
  get url(): string {
    return this.balancer.url;
  }

  get services(): readonly LocalService[] {
    return [this.mariadb, this.redis, ...this.nodes, this.balancer];
  }

  /** What a process needs to be an edge of this cluster, or to read its stores. */
  get environment(): Readonly<Record<string, string>> {
    return serviceEnvironment(this.mariadb, this.redis);
  }

  /** The edges drain first while everything that they need still runs. Bounded; also after some have died. */
  async stop(): Promise<void> {
    await stopAll([this.nodes, [this.balancer], [this.mariadb, this.redis]]);
    if (!this.keep) removeFolder(this.folder);
  }

  /** SIGKILL for all, at once. Then `stop` has only the folder left to remove. */
  async kill(): Promise<void> {
    await Promise.all(this.services.map((service) => service.kill()));
  }
}

interface Parts {
  readonly mariadb: MariadbService;
  readonly redis: RedisService;
  readonly nodes: readonly EdgeService[];
  readonly balancer: HaproxyService;
}

/** Resolves when every edge is ready and the balancer accepts connections. Needs the Debian packages to be installed. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { nodes } = options;
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > MAX_NODES) {
    throw new Error(`a cluster has 1 to ${MAX_NODES} nodes, not ${nodes}`);
  }
  const keep = options.keepFolder ?? false;
  const folder = makeFolder('cluster');
  if (keep) keepFolder(folder);
  const started: LocalService[][] = [[], [], []];
  // A server that is ended while it starts makes its start reject, and with it ours.
  const onAbort = (): void => {
    for (const service of started.flat()) void service.kill('SIGTERM');
  };
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return new Cluster({ ...(await startParts(options, folder, started)), folder, keep });
  } catch (error) {
    await stopAll(started);
    if (!keep) removeFolder(folder);
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
}

/** `started` collects what runs in the order of stopping: edges, balancer, stores. */
async function startParts(options: ClusterOptions, folder: string, started: LocalService[][]): Promise<Parts> {
  const place = { parentFolder: folder, keepFolder: options.keepFolder ?? false };
  const [edges, balancers, stores] = started as [LocalService[], LocalService[], LocalService[]];
  const into = async <T extends LocalService>(list: LocalService[], starting: Promise<T>): Promise<T> => {
    const service = await starting;
    list.push(service);
    return service;
  };
  const [mariadb, redis] = await allOrFirstError([
    into(stores, startMariadb({ ...options.mariadb, ...place })),
    into(stores, startRedis({ ...options.redis, ...place })),
  ]);
  options.signal?.throwIfAborted();

  const env = { ...edgeEnvironment(options.env ?? {}), ...serviceEnvironment(mariadb, redis) };
  if (options.migrate !== undefined) await migrate(options.migrate, env, folder);
  options.signal?.throwIfAborted();

  const nodes: EdgeService[] = [];
  for (let number = 1; number <= options.nodes; number++) {
    const edge = await makeEdge({ number, entry: options.edgeEntry, env, ...place });
    nodes.push(edge);
    edges.push(edge);
  }
  await allOrFirstError(nodes.map((edge) => edge.start()));
  options.signal?.throwIfAborted();

  const port = options.balancerPort === undefined ? {} : { port: options.balancerPort };
  const behind = nodes.map((edge) => ({ host: edge.host, port: edge.port, admin: edge.adminPort }));
  const balancer = await into(balancers, startHaproxy({ edges: behind, ...port, ...place }));
  options.signal?.throwIfAborted();
  return { mariadb, redis, nodes, balancer };
}

async function migrate(command: Command, env: NodeJS.ProcessEnv, folder: string): Promise<void> {
  const logFile = join(folder, 'migrate.log');
  await runToEnd('the migration', { ...command, env, cwd: folder, logFile }, MIGRATE_TIMEOUT_MS);
}

function edgeEnvironment(given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // An address of another database or Redis must not shine through, in whatever case it is written.
  const ours = new Set(['MYSQL_HOST', 'MYSQL_PORT', 'MYSQL_USER', 'MYSQL_PASSWORD', 'DB_NAME', 'REDIS_URL']);
  const rest = Object.entries(given).filter(([name]) => !ours.has(name.toUpperCase()));
  return { PARLEY_AUTH: 'development', ...Object.fromEntries(rest) };
}

function serviceEnvironment(mariadb: DatabaseAddress, redis: { readonly url: string }): Record<string, string> {
  return {
    mysql_host: mariadb.host,
    mysql_port: String(mariadb.port),
    mysql_user: mariadb.user,
    mysql_password: mariadb.password,
    db_name: mariadb.database,
    REDIS_URL: redis.url,
  };
}

/** Like `Promise.all`, but settles only when all have: what succeeded late must be known, to be stopped. */
async function allOrFirstError<T extends readonly unknown[]>(
  tasks: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(tasks);
  return await Promise.all(tasks);
}

async function stopAll(groups: ReadonlyArray<readonly LocalService[]>): Promise<void> {
  for (const group of groups) await Promise.allSettled(group.map((service) => service.stop()));
}
