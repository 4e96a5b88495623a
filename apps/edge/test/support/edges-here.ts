import type { Log } from '@parley/core';
import { silentLog } from '@parley/core/testing';
import { loadConfig, type RunningEdge, startEdge } from '../../src/index.ts';
import { LegacyClient } from './legacy-client.ts';

const ANY_PORTS = { PORT: '0', PARLEY_ADMIN_PORT: '0', PARLEY_DRAIN_MS: '2000' };

/** Nodes in this process, with clients; all of them end with `close`. */
export class EdgesHere {
  readonly #edges: RunningEdge[] = [];
  readonly #clients: LegacyClient[] = [];

  async start(env: Readonly<Record<string, string>>, log: Log = silentLog): Promise<RunningEdge> {
    const edge = await startEdge(loadConfig({ ...ANY_PORTS, ...env }), log);
    this.#edges.push(edge);
    return edge;
  }

  /** Connected, and signed in. */
  async client(edge: RunningEdge, firstFrame: string | number): Promise<LegacyClient> {
    const client = await LegacyClient.signIn(edge.url, String(firstFrame));
    this.#clients.push(client);
    return client;
  }

  /** Connected, and no more. */
  async stranger(edge: RunningEdge): Promise<LegacyClient> {
    const client = await LegacyClient.open(edge.url);
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.drop();
    await Promise.all(this.#edges.splice(0).map((edge) => edge.stop()));
  }
}

/** What `/readyz` says. */
export async function readyz(adminUrl: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${adminUrl}/readyz`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
