import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { FaultCluster } from './support/fault-cluster.ts';
import { Load } from './support/load.ts';

const PROGRESS = 300;
const ROUNDS = 3;

let cluster: FaultCluster;
let load: Load;
let firstUser = 1;

beforeAll(async () => {
  cluster = await FaultCluster.start(3);
});

beforeEach(async () => {
  load = await Load.start(cluster, { firstUser, users: 12, window: 8 });
  firstUser += 1_000;
});

afterEach(() => load?.end());

afterAll(async () => {
  await cluster?.stop();
});

describe('MariaDB under load', () => {
  it('G1 G2 G3 G4 G5: kill -9 in the middle of commits, several times: what was in doubt is resolved, nothing is lost or doubled', async () => {
    load.run();
    for (let round = 0; round < ROUNDS; round++) {
      await load.untilAcked(PROGRESS);
      await cluster.mariadb.kill('SIGKILL');
      await cluster.mariadb.start();
    }
    await load.untilAcked(PROGRESS);
    expect(await load.finish()).toEqual([]);
    // It was back within the time that sends are tried again: nobody was refused or sent away.
    const connections = load.clients.flatMap((client) => client.connections);
    expect(connections.length).toBe(load.clients.length);
    expect(connections.flatMap(({ refused }) => refused)).toEqual([]);
  });

  it('G1 G2 G3 G4 G5: a server that hangs for seconds answers late, once', async () => {
    load.run();
    await load.untilAcked(PROGRESS);
    await cluster.mariadb.kill('SIGSTOP');
    // Longer than any query may take: commits under way are given up as unknown, and run again.
    await eventually('all nodes to say that they are not ready', async () => {
      const states = await Promise.all(cluster.nodes.map((node) => cluster.readyz(node)));
      return states.every(({ httpStatus }) => httpStatus === 503);
    });
    await eventually('commits to have been run again', async () => {
      const retries = await Promise.all(
        cluster.nodes.map((node) => cluster.metric(node, 'parley_commit_retries_total')),
      );
      return retries.every((count) => count > 0);
    });
    await cluster.mariadb.kill('SIGCONT');
    await load.untilAcked(PROGRESS);
    await cluster.untilWhole();
    expect(await load.finish()).toEqual([]);
    expect(load.clients.flatMap((client) => client.connections).flatMap(({ refused }) => refused)).toEqual([]);
  });
});
