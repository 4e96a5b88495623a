import { fileURLToPath } from 'node:url';
import { type Cluster, type EdgeService, type ProcessExit, startCluster } from '@parley/local-services';
import { createPool, type Pool } from 'mysql2/promise';
import { eventually } from './eventually.ts';
import { RedisTraces } from './redis-traces.ts';

const EDGE = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const CLI = fileURLToPath(new URL('../../../cli/bin/parley.js', import.meta.url));

export interface Readiness {
  readonly ready: boolean;
  readonly phase: string;
  /** The incarnation that the node is at the moment. */
  readonly node: string;
  readonly status: { readonly busUp: boolean; readonly queuedRows: number; readonly draining: boolean };
}

/** A cluster that tests do harm to: MariaDB, Redis, edges and HAProxy of its own, and a look into each of them. */
export class FaultCluster {
  readonly #cluster: Cluster;
  readonly database: Pool;
  readonly traces: RedisTraces;

  private constructor(cluster: Cluster) {
    this.#cluster = cluster;
    const { host, port, user, password, database } = cluster.mariadb;
    this.database = createPool({ host, port, user, password, database, connectionLimit: 2 });
    this.traces = new RedisTraces(cluster.redis.url);
  }

  static async start(nodes: number, env: Readonly<Record<string, string>> = {}): Promise<FaultCluster> {
    const { PATH = '' } = process.env;
    const node = process.execPath;
    const cluster = await startCluster({
      nodes,
      edgeEntry: { command: node, args: [EDGE] },
      migrate: { command: node, args: [CLI, 'migrate'] },
      env: { PATH, ...env },
    });
    return new FaultCluster(cluster);
  }

  get nodes(): readonly EdgeService[] {
    return this.#cluster.nodes;
  }

  get mariadb(): Cluster['mariadb'] {
    return this.#cluster.mariadb;
  }

  get redis(): Cluster['redis'] {
    return this.#cluster.redis;
  }

  /** HAProxy's address. */
  get url(): string {
    return this.#cluster.url;
  }

  node(index: number): EdgeService {
    const { nodes } = this;
    return nodes[index % nodes.length] as EdgeService;
  }

  /** What `/readyz` says, with the HTTP status. Rejects when the node does not answer. */
  async readyz(node: EdgeService): Promise<Readiness & { readonly httpStatus: number }> {
    const response = await fetch(`${node.admin}/readyz`, { signal: AbortSignal.timeout(5_000) });
    return { ...((await response.json()) as Readiness), httpStatus: response.status };
  }

  /** The sum of a metric over its labels. */
  async metric(node: EdgeService, name: string): Promise<number> {
    const response = await fetch(`${node.admin}/metrics`, { signal: AbortSignal.timeout(5_000) });
    const values = [...(await response.text()).matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))];
    if (values.length === 0) throw new Error(`${node.name} has no metric ${name}`);
    return values.reduce((sum, [, value]) => sum + Number(value), 0);
  }

  /** Every node is ready, hears the others, and all of them hold a lease. */
  async untilWhole(): Promise<void> {
    await eventually('all nodes to be ready and on the bus', async () => {
      const states = await Promise.all(this.nodes.map((node) => this.readyz(node)));
      const live = await this.traces.liveNodes();
      return states.every(({ ready, node, status }) => ready && status.busUp && live.includes(node));
    });
  }

  /** SIGTERM. `exited` settles when the process has ended. */
  terminate(node: EdgeService): { readonly exited: Promise<ProcessExit> } {
    const exited = new Promise<ProcessExit>((resolve) => node.onUnexpectedExit(resolve));
    // Past the service's own `kill`, which tells nobody how the process ended.
    process.kill(node.pid, 'SIGTERM');
    return { exited };
  }

  /** Holds back every commit in a conversation. @returns what lets them go on */
  async lock(conversationId: number): Promise<() => Promise<void>> {
    const connection = await this.database.getConnection();
    await connection.beginTransaction();
    await connection.query('SELECT id FROM conversations WHERE id = ? FOR UPDATE', [conversationId]);
    return async () => {
      await connection.rollback();
      connection.release();
    };
  }

  /**
   * Makes `send` insert a message into a conversation and be held back there, COMMIT on its way behind it. For good: only the end of the database lets go.
   * @param send the first message of the conversation
   */
  async holdInsert(conversationId: number, send: () => void): Promise<void> {
    const connection = await this.database.getConnection();
    // With it goes the connection.
    connection.on('error', () => connection.destroy());
    await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await connection.beginTransaction();
    // Locks the gap that the insert needs, and no row that comes before it.
    await connection.query('SELECT id FROM messages WHERE conversation_id = ? FOR UPDATE', [conversationId]);
    send();
    await eventually('the insert to wait', async () => {
      const [rows] = await this.database.query(
        "SELECT 1 FROM information_schema.processlist WHERE command = 'Query' AND info LIKE 'INSERT INTO messages%'",
      );
      return (rows as readonly unknown[]).length > 0;
    });
  }

  async stop(): Promise<void> {
    this.traces.close();
    await this.database.end();
    await this.#cluster.stop();
  }
}
