import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { LocalService } from './local-service.ts';

export interface Command {
  readonly command: string;
  /** Absolute paths: it runs in a folder of its own. */
  readonly args: readonly string[];
}

export interface EdgeOptions {
  readonly number: number;
  readonly entry: Command;
  /** The whole environment, but for `HOST`, `PORT` and `PARLEY_ADMIN_PORT`. */
  readonly env: NodeJS.ProcessEnv;
  readonly parentFolder: string;
  readonly keepFolder: boolean;
}

export interface EdgeAddress {
  /** For WebSocket clients, past the balancer. */
  readonly url: string;
  /** Answers `/livez`, `/readyz` and `/metrics`. */
  readonly admin: string;
  readonly adminPort: number;
}

export type EdgeService = LocalService & EdgeAddress;

const READY_TIMEOUT_MS = 30_000;
const STOP_GRACE_MS = 15_000;
const PROBE_TIMEOUT_MS = 1000;

/** An edge process on free loopback ports, not started yet. */
export async function makeEdge(options: EdgeOptions): Promise<EdgeService> {
  const host = '127.0.0.1';
  const port = await freePort();
  const adminPort = await freePort();
  const admin = `http://${host}:${adminPort}`;
  const folder = join(options.parentFolder, `edge-${options.number}`);
  mkdirSync(folder);
  const service = new LocalService({
    name: `edge ${options.number}`,
    host,
    port,
    folder,
    keepFolder: options.keepFolder,
    command: {
      ...options.entry,
      env: { ...options.env, HOST: host, PORT: String(port), PARLEY_ADMIN_PORT: String(adminPort) },
      cwd: folder,
      logFile: join(folder, 'server.log'),
    },
    probe: async () => {
      const response = await fetch(`${admin}/readyz`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
      const reason = await response.text();
      if (!response.ok) throw new Error(`not ready: ${reason.slice(0, 300)}`);
    },
    readyTimeoutMs: READY_TIMEOUT_MS,
    stopGraceMs: STOP_GRACE_MS,
  });
  return Object.assign(service, { url: `ws://${host}:${port}`, admin, adminPort });
}
