import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { FaultCluster } from './support/fault-cluster.ts';
import { Load } from './support/load.ts';

const PROGRESS = 300;

let cluster: FaultCluster;
let load: Load;

beforeAll(async () => {
  cluster = await FaultCluster.start(3);
  load = await Load.start(cluster, { firstUser: 1, users: 12 });
});

afterAll(async () => {
  load?.end();
  await cluster?.stop();
});

describe('Redis under load', () => {
  it('G1 G4 G5: while it is dead, sends are acknowledged and messages reach the other nodes; it comes back empty, and all goes on', async () => {
    load.run();
    await load.untilAcked(PROGRESS);

    await cluster.redis.kill('SIGKILL');
    await eventually('all nodes to notice', async () => {
      const states = await Promise.all(cluster.nodes.map((node) => cluster.readyz(node)));
      // Not a reason to send nobody there.
      expect(states.map(({ ready }) => ready)).toEqual([true, true, true]);
      return states.every(({ status }) => !status.busUp);
    });
    await load.untilAcked(PROGRESS);
    await load.untilDelivered();

    load.run();
    await load.untilAcked(PROGRESS);
    await cluster.redis.start();
    await cluster.untilWhole();
    await load.untilAcked(PROGRESS);
    expect(await load.finish()).toEqual([]);
    for (const client of load.clients) expect(client.connections.length).toBe(1);
    // The directory was empty: every node has entered its users again, and all are there once.
    expect(await cluster.traces.present(load.userIds)).toEqual(load.userIds);
    expect((await cluster.traces.liveNodes()).length).toBe(3);
  });

  it('G4 G5: killed and started again at once, several times in a row', async () => {
    load.run();
    for (let round = 0; round < 3; round++) {
      await cluster.redis.kill('SIGKILL');
      await cluster.redis.start();
      await load.untilAcked(50);
    }
    await cluster.untilWhole();
    await load.untilAcked(PROGRESS);
    expect(await load.finish()).toEqual([]);
    for (const client of load.clients) expect(client.connections.length).toBe(1);
    expect(await cluster.traces.present(load.userIds)).toEqual(load.userIds);
  });
});
