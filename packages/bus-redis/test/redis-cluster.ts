import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { freePort, type RedisService, startRedis } from '@parley/local-services';
import { until } from './redis-harness.ts';

const run = promisify(execFile);
const PASSWORD = 'cluster';

/** A Redis Cluster of three masters on loopback. */
export class LocalRedisCluster {
  readonly servers: readonly RedisService[];

  private constructor(servers: readonly RedisService[]) {
    this.servers = servers;
  }

  static async start(): Promise<LocalRedisCluster> {
    const servers: RedisService[] = [];
    for (let i = 0; i < 3; i += 1) {
      const config = {
        'cluster-enabled': 'yes',
        'cluster-config-file': 'nodes.conf',
        'cluster-port': String(await freePort()),
        'cluster-node-timeout': '2000',
        masterauth: PASSWORD,
      };
      servers.push(await startRedis({ password: PASSWORD, config }));
    }
    const cluster = new LocalRedisCluster(servers);
    const addresses = servers.map((server) => `${server.host}:${server.port}`);
    await cluster.cli(0, '--cluster', 'create', ...addresses, '--cluster-yes');
    await cluster.untilOk();
    return cluster;
  }

  get url(): string {
    return `redis://:${PASSWORD}@${this.servers.map((server) => `${server.host}:${server.port}`).join(',')}`;
  }

  /** Runs redis-cli against one server; its standard output. */
  async cli(index: number, ...args: string[]): Promise<string> {
    const server = this.servers[index];
    if (server === undefined) throw new Error('no such server');
    const { stdout } = await run('redis-cli', ['-h', server.host, '-p', String(server.port), ...args], {
      env: { ...process.env, REDISCLI_AUTH: PASSWORD },
      timeout: 30_000,
    });
    return stdout.trim();
  }

  /** All servers agree that every slot is served. */
  async untilOk(): Promise<void> {
    await until(
      async () => {
        const states = await Promise.all(this.servers.map((_, index) => this.cli(index, 'cluster', 'info')));
        return states.every((state) => state.includes('cluster_state:ok') && state.includes('cluster_size:3'));
      },
      'the cluster to be ready',
      30_000,
    );
  }

  /** All keys that match, over all servers. */
  async keys(pattern: string): Promise<string[]> {
    const parts = await Promise.all(this.servers.map((_, index) => this.cli(index, 'keys', pattern)));
    return parts.flatMap((part) => part.split('\n')).filter((key) => key !== '');
  }

  async stop(): Promise<void> {
    for (const server of this.servers) await server.stop();
  }
}
