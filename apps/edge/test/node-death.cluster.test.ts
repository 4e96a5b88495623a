import type { EdgeService } from '@parley/local-services';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { FaultCluster } from './support/fault-cluster.ts';
import { LegacyClient } from './support/legacy-client.ts';
import { Load } from './support/load.ts';

/** G9. */
const GONE_WITHIN_MS = 15_000;
const USERS = 12;
const PROGRESS = 300;

let cluster: FaultCluster;
let load: Load;
let firstUser = 1;

beforeAll(async () => {
  cluster = await FaultCluster.start(3);
});

beforeEach(async () => {
  await cluster.untilWhole();
  load = await Load.start(cluster, { firstUser, users: USERS });
  firstUser += 1_000;
});

afterEach(() => load?.end());

afterAll(async () => {
  await cluster?.stop();
});

/** Users that are connected to this node only, and do not come back. */
async function connectOnlyTo(node: EdgeService, count: number): Promise<number[]> {
  const userIds = Array.from({ length: count }, (_, n) => firstUser + 500 + n);
  await Promise.all(userIds.map((userId) => LegacyClient.signIn(node.url, String(userId))));
  await eventually('them to be present', async () => (await cluster.traces.present(userIds)).length === count);
  return userIds;
}

describe('a node that dies under load', () => {
  it('G1 G2 G4 G5 G9: kill -9 loses nothing that was acknowledged, and within 15 s nothing is left of the node', async () => {
    const victim = cluster.node(1);
    const { node: incarnation } = await cluster.readyz(victim);
    const ghosts = await connectOnlyTo(victim, 20);
    const survivors = load.userIds.filter((_userId, n) => cluster.node(n) !== victim);
    load.run();
    await load.untilAcked(PROGRESS);
    expect((await cluster.traces.of(incarnation)).length).toBeGreaterThan(ghosts.length);

    const killedAt = performance.now();
    await victim.kill('SIGKILL');
    await eventually('the node and its users to be gone', async () => {
      // Whoever is connected elsewhere is never taken for offline meanwhile.
      expect(await cluster.traces.present(survivors)).toEqual(survivors);
      const [present, traces] = await Promise.all([cluster.traces.present(ghosts), cluster.traces.of(incarnation)]);
      return present.length === 0 && traces.length === 0;
    });
    expect(performance.now() - killedAt).toBeLessThan(GONE_WITHIN_MS);

    await load.untilAcked(PROGRESS);
    await victim.start();
    await cluster.untilWhole();
    await load.untilAcked(PROGRESS);
    expect(await load.finish()).toEqual([]);
    // The clients of the dead node came back through the balancer; all others never noticed.
    for (const [n, client] of load.clients.entries()) {
      if (cluster.node(n) === victim) expect(client.connections.length).toBeGreaterThan(1);
      else expect(client.connections.length).toBe(1);
    }
    expect(await cluster.traces.present([...load.userIds, ...ghosts])).toEqual(load.userIds);
  });

  it('G2 G4 G5: a node that is paused until it is declared dead comes back as a new one, and its clients get what they missed', async () => {
    const victim = cluster.node(2);
    const { node: incarnation } = await cluster.readyz(victim);
    load.run();
    await load.untilAcked(PROGRESS);

    await victim.kill('SIGSTOP');
    // Redis goes on holding its connection, and so its subscription: all entries are gone.
    await eventually('the others to bury it', async () => (await cluster.traces.keysOf(incarnation)).length === 0);
    await load.untilAcked(PROGRESS);
    await victim.kill('SIGCONT');
    await cluster.untilWhole();
    expect((await cluster.readyz(victim)).node).not.toBe(incarnation);

    await load.untilAcked(PROGRESS);
    expect(await load.finish()).toEqual([]);
    // Nobody lost a connection: what was missed came on the same one.
    for (const client of load.clients) expect(client.connections.length).toBe(1);
  });
});
