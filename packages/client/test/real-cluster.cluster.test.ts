import { fileURLToPath } from 'node:url';
import { type Cluster, ensureDebianPackages, startCluster } from '@parley/local-services';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { ChatClient } from '../src/api/client.ts';
import type { Conversation } from '../src/api/conversation.ts';
import type { ConversationItem } from '../src/api/message.ts';
import { createChatClient } from '../src/create-chat-client.ts';
import { until } from './until.ts';

const EDGE = fileURLToPath(new URL('../../../apps/edge/dist/main.js', import.meta.url));
const CLI = fileURLToPath(new URL('../../../apps/cli/bin/parley.js', import.meta.url));
const INSTALL_MS = 10 * 60_000;

let cluster: Cluster;
const clients: ChatClient[] = [];
beforeAll(async () => {
  await ensureDebianPackages(['mariadb-server', 'redis-server', 'haproxy']);
  cluster = await startCluster({
    nodes: 3,
    edgeEntry: { command: process.execPath, args: [EDGE] },
    migrate: { command: process.execPath, args: [CLI, 'migrate'] },
  });
}, INSTALL_MS);
afterAll(async () => {
  for (const client of clients) await client.close();
  await cluster?.stop();
});

async function connect(userId: number): Promise<ChatClient> {
  const client = createChatClient({ url: cluster.url, userId, webSocket: WebSocket, backoff: { maxMs: 500 } });
  clients.push(client);
  await client.ready();
  return client;
}

const texts = (items: readonly ConversationItem[]): string[] =>
  items.map((item) => (item.type === 'message' ? item.text : item.change.kind));
const numbered = (name: string): string[] => Array.from({ length: 300 }, (_, n) => `${name} ${n}`);

describe('clients of a cluster, behind its balancer', () => {
  it('lose, double and reorder nothing while nodes are killed and stopped (G3, G4, G5, G10)', async () => {
    const everybody = [await connect(1), await connect(2), await connect(3), await connect(4)];
    const [ann] = everybody;
    if (ann === undefined) throw new Error('nobody');
    const { id } = await ann.createGroup({ name: 'all', memberIds: [2, 3, 4] });
    const views: Conversation[] = everybody.map((client) => client.conversation(id));
    for (const [n, view] of views.entries()) for (const text of numbered(`u${n}`)) view.send(text);

    const [killed, stopped] = cluster.nodes;
    const some = (count: number): Promise<void> =>
      until(() => views.every((view) => view.seq >= count), `${count} messages everywhere`, 60_000);
    await some(200);
    await killed?.kill();
    await some(500);
    await killed?.restart();
    await stopped?.stop();
    await until(() => views.every((view) => view.pending.length === 0), 'everything to be sent', 90_000);
    await until(() => views.every((view) => view.seq === 1_200), 'everything to arrive', 90_000);

    const [first] = views;
    for (const view of views) {
      while (view.hasOlder) await view.loadOlder(200);
      expect(view.messages.map((item) => item.seq)).toEqual(view.messages.map((_, n) => n + 1));
      expect(texts(view.messages)).toEqual(texts(first?.messages ?? []));
    }
    for (const n of views.keys()) {
      expect(texts(first?.messages ?? []).filter((text) => text.startsWith(`u${n} `))).toEqual(numbered(`u${n}`));
    }
  });
});
