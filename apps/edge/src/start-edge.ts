import { resolve } from 'node:path';
import type { Log } from '@parley/core';
import { systemClock } from './clock.ts';
import type { EdgeConfig } from './config.ts';
import { EdgeNode } from './edge-node.ts';

export interface RunningEdge {
  /** For clients on this machine. */
  readonly url: string;
  readonly port: number;
  /** Base of `/livez`, `/readyz` and `/metrics`. */
  readonly adminUrl: string;
  readonly adminPort: number;
  /** Drains and ends the node (G10). Never rejects. Idempotent. */
  stop(): Promise<void>;
}

/** Starts a node in this process. Rejects when it cannot; then nothing of it is left. */
export async function startEdge(config: EdgeConfig, log: Log): Promise<RunningEdge> {
  const starting = beginEdge(config, log);
  return await starting.started;
}

/** As `startEdge`, for one who may want to stop before the start has ended. */
export function beginEdge(
  config: EdgeConfig,
  log: Log,
): { readonly started: Promise<RunningEdge>; readonly stop: () => Promise<void> } {
  const node = new EdgeNode(config, systemClock, log);
  const stop = (): Promise<void> => node.stop();
  const start = async (): Promise<RunningEdge> => {
    try {
      const { port, adminPort } = await node.start();
      const { listen, admin, store, bus, auth } = config;
      const place = store.kind === 'sqlite' ? { data: resolve(store.dataDir) } : { database: store.database };
      log.info(
        {
          host: listen.host,
          port,
          adminHost: admin.host,
          adminPort,
          store: store.kind,
          ...place,
          bus: bus.kind,
          auth: auth.kind,
        },
        'ready',
      );
      if (auth.kind === 'development') {
        log.warn({}, 'development sign-in: whoever reaches this node can be any user (PARLEY_AUTH=jwt asks for proof)');
      }
      const url = `ws://${reachable(listen.host)}:${port}`;
      return { url, port, adminUrl: `http://${reachable(admin.host)}:${adminPort}`, adminPort, stop };
    } catch (error) {
      await node.stop();
      throw error;
    }
  };
  return { started: start(), stop };
}

/** How this machine reaches an address that is listened on. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
