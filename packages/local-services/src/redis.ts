import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { requireBinary } from './binaries.ts';
import { freePort } from './free-port.ts';
import { keepFolder, LocalService, makeFolder, removeFolder } from './local-service.ts';
import { probeTcp } from './probe.ts';

export interface RedisOptions {
  /** Default: a random one. Letters and digits only. */
  readonly password?: string;
  /** Default: a free loopback port. */
  readonly port?: number;
  /** `none` (the default) comes back empty from a restart; `always` has every write in an append-only file, synced. */
  readonly persistence?: 'none' | 'always';
  /** Further configuration, e.g. `{ maxmemory: '64mb' }`; it wins over ours. */
  readonly config?: Readonly<Record<string, string>>;
  readonly parentFolder?: string;
  readonly keepFolder?: boolean;
}

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: number;
  /** All of that as `redis://…`. */
  readonly url: string;
}

export type RedisService = LocalService & RedisAddress;

/** Starts a private Redis. Needs Debian's `redis-server`. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisService> {
  const host = '127.0.0.1';
  const port = options.port ?? (await freePort());
  const password = options.password ?? randomBytes(12).toString('hex');
  if (!/^[A-Za-z0-9]+$/.test(password)) throw new Error('the Redis password may hold letters and digits only');
  const server = requireBinary('redis-server', 'redis-server');

  const folder = makeFolder('redis', options.parentFolder);
  if (options.keepFolder === true) keepFolder(folder);
  const config: Record<string, string> = {
    port: String(port),
    bind: host,
    dir: folder,
    requirepass: password,
    daemonize: 'no',
    save: '',
    appendonly: options.persistence === 'always' ? 'yes' : 'no',
    appendfsync: 'always',
    ...options.config,
  };
  try {
    const service = new LocalService({
      name: 'Redis',
      host,
      port,
      folder,
      keepFolder: options.keepFolder ?? false,
      command: {
        command: server,
        args: Object.entries(config).flatMap(([name, value]) => [`--${name}`, value]),
        cwd: folder,
        logFile: join(folder, 'server.log'),
      },
      // It refuses commands while it loads its data.
      probe: () =>
        probeTcp({
          host,
          port,
          send: `AUTH default ${password}\r\nPING\r\n`,
          accept: (data) => data.toString('latin1').includes('+PONG\r\n'),
        }),
      readyTimeoutMs: 30_000,
      stopGraceMs: 5000,
    });
    await service.start();
    const url = `redis://default:${password}@${host}:${port}/0`;
    return Object.assign(service, { user: 'default', password, database: 0, url });
  } catch (error) {
    if (options.keepFolder !== true) removeFolder(folder);
    throw error;
  }
}
