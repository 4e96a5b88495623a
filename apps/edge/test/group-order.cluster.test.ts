import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { FaultCluster } from './support/fault-cluster.ts';
import { LoadClient } from './support/load-client.ts';
import { findProblems, missing, readStored } from './support/load-verdict.ts';

const NODES = 4;
const SENDERS = 8;
const MESSAGES = 10_000;
/** Unanswered sends of one client. */
const WINDOW = 64;

let cluster: FaultCluster;
const clients: LoadClient[] = [];

beforeAll(async () => {
  cluster = await FaultCluster.start(NODES);
});

afterAll(async () => {
  for (const client of clients) client.end();
  await cluster?.stop();
});

function connect(userId: number, node: number, name = `u${userId}`): LoadClient {
  const client = new LoadClient({ userId, name, url: (attempt) => (attempt === 0 ? cluster.node(node).url : null) });
  clients.push(client);
  return client;
}

describe('four nodes', () => {
  it('G1 G2 G4 G5: 10,000 messages of 8 senders into one group are 1 to 10,000, and every member on every node gets each once, in order', async () => {
    const senders = Array.from({ length: SENDERS }, (_, n) => connect(n + 1, n));
    // Two members on each node who only listen, and a second device of a sender, on another node than its first.
    for (let n = 0; n < NODES; n++) {
      connect(100 + n, n);
      connect(200 + n, n);
    }
    connect(1, 1, 'second device of u1');
    await eventually('all to sign in', () => clients.every((client) => client.ready));
    const member = [...new Set(clients.map(({ userId }) => userId))];
    const first = senders[0] as LoadClient;
    const id = await first.init({ type: 'init_group', member, group_name: 'all', description: '' });

    const each = MESSAGES / SENDERS;
    const sent = (client: LoadClient): number => client.ackCount + client.current.unanswered.length;
    await eventually('10,000 acks', () => {
      for (const sender of senders) {
        while (sent(sender) < each && sender.current.unanswered.length < WINDOW) sender.send({ id, kind: 'group' });
      }
      return senders.every((sender) => sender.ackCount === each);
    });

    const stored = await readStored(cluster.database, [id]);
    expect(stored.heads.get(id)).toBe(MESSAGES);
    expect(stored.rows.map(({ seq }) => seq)).toEqual(Array.from({ length: MESSAGES }, (_, n) => n + 1));
    await eventually('everybody to have everything', () =>
      clients.every((client) => missing(client, stored).length === 0),
    );
    expect(findProblems(clients, stored).slice(0, 20)).toEqual([]);
    // One connection each, so every count is exact: what others sent, and for the second device what the first has sent too.
    for (const client of clients) {
      expect(client.connections.length).toBe(1);
      expect(client.current.frames.length).toBe(senders.includes(client) ? MESSAGES - each : MESSAGES);
    }
    for (const node of cluster.nodes) expect(await cluster.metric(node, 'parley_audit_found_total')).toBe(0);
  });
});
