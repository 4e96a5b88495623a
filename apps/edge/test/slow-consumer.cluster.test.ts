import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { FaultCluster } from './support/fault-cluster.ts';
import { LoadClient } from './support/load-client.ts';
import { findProblems, missing, readStored } from './support/load-verdict.ts';

/** Two, so that what the reader does not take comes from another node too. */
const NODES = 2;
const PADDING = 'x'.repeat(60_000);
const WINDOW = 16;
/** The kernel's buffers hold some megabytes before the node's own bound is met; it ends well before this. */
const MAX_MESSAGES = 2_000;

let cluster: FaultCluster;
const clients: LoadClient[] = [];

beforeAll(async () => {
  cluster = await FaultCluster.start(NODES);
});

afterAll(async () => {
  for (const client of clients) client.end();
  await cluster?.stop();
});

function connect(userId: number, node: number): LoadClient {
  const url = (attempt: number): string => (attempt === 0 ? cluster.node(node).url : cluster.url);
  const client = new LoadClient({ userId, name: `u${userId}`, url });
  clients.push(client);
  return client;
}

describe('a client that stops reading', () => {
  it('G4 G5 G8: is closed at the bound, has a prefix without a hole, and gets the rest when it comes back', async () => {
    const [here, there, reader, witness] = [connect(1, 0), connect(2, 1), connect(3, 0), connect(4, 0)];
    await eventually('all to sign in', () => clients.every((client) => client.ready));
    const member = [1, 2, 3, 4];
    const group = await here.init({ type: 'init_group', member, group_name: 'all', description: '' });
    const pair = await there.init({ type: 'init_personal', member: [2, 3] });
    const senders = [
      { client: here, id: group, kind: 'group' },
      { client: there, id: pair, kind: 'personal' },
    ] as const;

    reader.stopReading();
    let sent = 0;
    await eventually('the node to end the connection', async () => {
      for (const { client, id, kind } of senders) {
        for (; client.current.unanswered.length < WINDOW && sent < MAX_MESSAGES; sent++)
          client.send({ id, kind }, PADDING);
      }
      return (await cluster.metric(cluster.node(0), 'parley_slow_closes_total')) > 0;
    });
    expect(await cluster.metric(cluster.node(0), 'parley_slow_closes_total')).toBe(1);
    expect(reader.current.closeCode).toBeNull();

    reader.readOn();
    await eventually('the reader to come back', () => reader.connections.length > 1 && reader.ready);
    await eventually('all acks', () => senders.every(({ client }) => client.current.unanswered.length === 0));
    const stored = await readStored(cluster.database, [group, pair]);
    await eventually('everybody to have everything', () =>
      clients.every((client) => missing(client, stored).length === 0),
    );
    expect(findProblems(clients, stored)).toEqual([]);
    expect(reader.connections[0]?.frames.length).toBeLessThan(stored.rows.length);
    // Nobody else on its node was held up or sent away.
    for (const client of [here, there, witness]) expect(client.connections.length).toBe(1);
  });
});
