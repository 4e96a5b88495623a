import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireBinary } from './binaries.ts';
import { freePort } from './free-port.ts';
import { keepFolder, LocalService, makeFolder, removeFolder } from './local-service.ts';
import { probeTcp } from './probe.ts';

export interface HaproxyOptions {
  /** The edges behind it, all on `host`; `admin` is the port that answers the health check. */
  readonly edges: ReadonlyArray<{ readonly host: string; readonly port: number; readonly admin: number }>;
  /** Where clients connect; default: a free loopback port. */
  readonly port?: number;
  /** Default: the project's own `infra/haproxy/haproxy.cfg`. */
  readonly configFile?: string;
  readonly parentFolder?: string;
  readonly keepFolder?: boolean;
}

export interface HaproxyAddress {
  /** For WebSocket clients. */
  readonly url: string;
  /** Answers `/readyz` and `/metrics`. */
  readonly admin: string;
}

export type HaproxyService = LocalService & HaproxyAddress;

const CONFIG_FILE = fileURLToPath(new URL('../../../infra/haproxy/haproxy.cfg', import.meta.url));

/** Starts HAProxy with production's configuration before the given edges. Needs Debian's `haproxy`. */
export async function startHaproxy(options: HaproxyOptions): Promise<HaproxyService> {
  const host = '127.0.0.1';
  const port = options.port ?? (await freePort());
  const adminPort = await freePort();
  const server = requireBinary('haproxy', 'haproxy');
  const folder = makeFolder('haproxy', options.parentFolder);
  if (options.keepFolder === true) keepFolder(folder);
  try {
    const edgesFile = join(folder, 'edges.cfg');
    const lines = options.edges.map(
      (edge, index) => `    server edge${index + 1} ${edge.host}:${edge.port} check port ${edge.admin}\n`,
    );
    writeFileSync(edgesFile, `backend edges from edge\n${lines.join('')}`);
    const service = new LocalService({
      name: 'HAProxy',
      host,
      port,
      folder,
      keepFolder: options.keepFolder ?? false,
      command: {
        command: server,
        args: ['-db', '-f', options.configFile ?? CONFIG_FILE, '-f', edgesFile],
        env: {
          PATH: process.env.PATH,
          PARLEY_BALANCER_BIND: `${host}:${port}`,
          PARLEY_BALANCER_ADMIN: `${host}:${adminPort}`,
        },
        cwd: folder,
        logFile: join(folder, 'server.log'),
      },
      probe: () => probeTcp({ host, port }),
      readyTimeoutMs: 15_000,
      stopGraceMs: 3000,
    });
    await service.start();
    return Object.assign(service, { url: `ws://${host}:${port}`, admin: `http://${host}:${adminPort}` });
  } catch (error) {
    if (options.keepFolder !== true) removeFolder(folder);
    throw error;
  }
}
