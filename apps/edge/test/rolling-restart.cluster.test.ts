import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { FaultCluster } from './support/fault-cluster.ts';
import { Load } from './support/load.ts';
import type { LoadConnection } from './support/load-client.ts';
import { unprovenOf } from './support/load-verdict.ts';

const PROGRESS = 300;
const SERVICE_RESTART = 1012;
const RESET = 1006;

let cluster: FaultCluster;
let load: Load;

beforeAll(async () => {
  // Long enough for the balancer's health check, once a second, to notice.
  cluster = await FaultCluster.start(3, { PARLEY_DRAIN_DELAY_MS: '2000' });
  // Clients are sending at any moment, also when their connection ends.
  load = await Load.start(cluster, { firstUser: 1, users: 12, tickMs: 10 });
});

afterAll(async () => {
  load?.end();
  await cluster?.stop();
});

const signedInConnections = (): LoadConnection[] =>
  load.clients.flatMap(({ connections }) => connections).filter(({ signedIn }) => signedIn);

describe('a rolling restart under load', () => {
  it('G10: each node drains, exits with 0 and leaves nothing behind; every send that was taken is answered', async () => {
    load.run();
    for (const node of cluster.nodes) {
      await load.untilAcked(PROGRESS);
      const { node: incarnation } = await cluster.readyz(node);
      const open = signedInConnections().filter(({ closeCode }) => closeCode === null);

      // Sends are under way at the moment at which the drain begins, whatever the machine.
      const unlock = await cluster.lock(load.group.id);
      const { exited } = cluster.terminate(node);
      await eventually('/readyz to say that it drains', async () => {
        const { httpStatus, phase } = await cluster.readyz(node);
        return httpStatus === 503 && phase === 'draining';
      });
      await eventually('the drain', async () => (await cluster.readyz(node)).status.draining);
      expect(open.some(({ unanswered }) => unanswered.length > 0)).toBe(true);
      await unlock();
      expect(await exited).toEqual({ code: 0, signal: null });
      expect(await cluster.traces.of(incarnation)).toEqual([]);

      // The receipts of those that were sent away were written before the process ended (G6).
      const sentAway = open.filter(({ closeCode }) => closeCode !== null);
      expect(sentAway.length).toBeGreaterThan(0);
      const stored = await load.stored();
      expect(sentAway.flatMap((connection) => unprovenOf(connection, stored))).toEqual([]);

      await node.start();
    }
    await cluster.untilWhole();
    await load.untilAcked(PROGRESS);
    expect(await load.finish()).toEqual([]);

    const ended = signedInConnections().filter(({ closeCode }) => closeCode !== null);
    const direct = ended.filter(({ url }) => url !== cluster.url);
    expect(direct.length).toBe(load.clients.length);
    expect([...new Set(direct.map(({ closeCode }) => closeCode))]).toEqual([SERVICE_RESTART]);
    // HAProxy passes the end on and stops reading, so a client that writes before it reads may be reset, and see no close frame.
    const told = ended.filter(({ closeCode }) => closeCode === SERVICE_RESTART);
    expect(ended.filter(({ closeCode }) => closeCode !== SERVICE_RESTART && closeCode !== RESET)).toEqual([]);
    // What was not answered had not been taken: it is not stored either.
    const bodies = new Set((await load.stored()).rows.map(({ body }) => body));
    expect(told.flatMap(({ unanswered }) => unanswered).filter(({ body }) => bodies.has(body))).toEqual([]);
    expect(signedInConnections().flatMap(({ refused }) => refused)).toEqual([]);
  });
});
