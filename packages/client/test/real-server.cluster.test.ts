import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { ChatClient } from '../src/api/client.ts';
import type { ConversationItem } from '../src/api/message.ts';
import type { ChatClientOptions } from '../src/api/options.ts';
import { createChatClient } from '../src/create-chat-client.ts';
import { fileStorage } from '../src/storage/file.ts';
import { RealNode } from './real-node.ts';
import { until } from './until.ts';

let node: RealNode;
let folder: string;
const clients: ChatClient[] = [];

beforeAll(async () => {
  node = await RealNode.start();
  folder = mkdtempSync(join(tmpdir(), 'parley-sdk-'));
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});
afterAll(async () => {
  await node.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function connect(userId: number, options: Partial<ChatClientOptions> = {}): Promise<ChatClient> {
  const client = createChatClient({
    ...{ url: node.url, userId, webSocket: WebSocket, backoff: { maxMs: 300 } },
    ...options,
  });
  clients.push(client);
  await client.ready();
  return client;
}

const texts = (items: readonly ConversationItem[]): string[] =>
  items.map((item) => (item.type === 'message' ? item.text : item.change.kind));
const numbered = (name: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${name} ${n}`);

describe('the client on a real node', () => {
  it('sends, delivers, and learns what has become of its messages', async () => {
    const [ann, bob] = [await connect(1), await connect(2)];
    const chat = await ann.openPersonal(2);
    const handle = chat.send('hello, wörld 🌍');
    expect(await handle.settled).toMatchObject({ ok: true, seq: 1 });
    await until(() => bob.conversations.get(chat.id)?.messages.length === 1, 'bob to have it');
    await until(() => handle.status === 'delivered', 'it to be delivered');
    bob.conversation(chat.id).markSeen();
    await until(() => handle.status === 'seen', 'it to be seen');
    const status = await ann.messageStatus(handle.place?.messageId ?? 0);
    expect(status.users).toMatchObject([{ userId: 2, status: 'seen' }]);
    expect(await ann.presence([2])).toMatchObject([{ userId: 2, online: true }]);
  });

  it('loses, doubles and reorders nothing when the node is killed in the middle of sending (G3, G4, G5)', async () => {
    const [ann, bob] = [await connect(3), await connect(4)];
    const group = await ann.createGroup({ name: 'tea', memberIds: [4] });
    await group.send('first').settled;
    await until(() => bob.conversations.has(group.id), 'bob to hear of it');
    const there = bob.conversation(group.id);
    const [mine, theirs] = [numbered('ann', 200), numbered('bob', 200)];
    for (let n = 0; n < 200; n += 1) {
      group.send(mine[n] ?? '');
      there.send(theirs[n] ?? '');
    }
    for (const part of [40, 160, 300]) {
      await until(() => group.messages.length >= part, `${part} messages`);
      await node.kill();
      await until(() => ann.state.status !== 'connected', 'the connection to be lost');
      await node.run();
    }
    await until(() => group.messages.length === 401 && there.messages.length === 401, 'all messages', 100_000);
    const all = texts(group.messages);
    expect(texts(there.messages)).toEqual(all);
    expect(all.filter((text) => text.startsWith('ann'))).toEqual(mine);
    expect(all.filter((text) => text.startsWith('bob'))).toEqual(theirs);
    expect(group.messages.map((item) => item.seq)).toEqual(all.map((_, n) => n + 1));
  });

  it('sends after a restart what an earlier run has left in its file', async () => {
    const bob = await connect(6);
    const path = join(folder, 'outbox.jsonl');
    const first = await connect(5, { storage: fileStorage(path) });
    const chat = await first.openPersonal(6);
    await chat.send('hello').settled;
    await node.kill();
    await until(() => first.state.status !== 'connected', 'the connection to be lost');
    const handles = numbered('left', 10).map((text) => chat.send(text));
    for (const handle of handles) expect(await handle.stored).toBe(true);
    await first.close();
    expect(await handles[0]?.settled).toMatchObject({ ok: false, error: { code: 'closed' } });
    await node.run();
    const second = await connect(5, { storage: fileStorage(path) });
    await until(() => second.pending.length === 0, 'the rest to be sent');
    await until(() => bob.conversation(chat.id).messages.length === 11, 'bob to have all');
    expect(texts(bob.conversation(chat.id).messages)).toEqual(['hello', ...numbered('left', 10)]);
  });

  it('is told of removals and takes nothing from then on (G7)', async () => {
    const [ann, bob] = [await connect(7), await connect(8)];
    const group = await ann.createGroup({ name: 'g', memberIds: [8] });
    await group.send('for both').settled;
    await until(() => bob.conversation(group.id).messages.length === 1, 'bob to have it');
    await group.remove(8);
    await group.send('for ann').settled;
    await until(() => bob.conversation(group.id).messages.length === 2, 'bob to be told');
    expect(texts(bob.conversation(group.id).messages)).toEqual(['for both', 'removed']);
    expect(bob.conversation(group.id).role).toBe(null);
    expect(await bob.send(group.id, 'still here').settled).toMatchObject({
      ok: false,
      error: { code: 'not_a_member' },
    });
    await until(() => group.messages.length === 3, 'ann to have hers');
    expect(texts(group.messages)).toEqual(['for both', 'removed', 'for ann']);
  });

  it('refuses what a blocked user sends', async () => {
    const [ann, bob] = [await connect(9), await connect(10)];
    const chat = await ann.openPersonal(10);
    await chat.send('hi').settled;
    await ann.block(10);
    expect(await bob.send(chat.id, 'hey').settled).toMatchObject({ ok: false, error: { code: 'blocked' } });
    await ann.unblock(10);
    expect(await bob.send(chat.id, 'hey').settled).toMatchObject({ ok: true });
  });

  it('fails what is too long, in its turn, and goes on: neither the message nor the frame may be', async () => {
    const ann = await connect(11);
    const chat = await ann.openPersonal(12);
    const states: string[] = [];
    ann.on('state', (state) => states.push(state.status));
    // Beyond the bound of a message, of a frame, and at the bound; 3 bytes each, and escaped.
    const all = ['€'.repeat(21_846), 'x'.repeat(2_000_000), '€'.repeat(21_845), '\u0000'.repeat(65_535), 'short'];
    const results = await Promise.all(all.map((text) => chat.send(text).settled));
    const told = results.map((result) => (result.ok ? result.seq : result.error.code));
    expect(told).toEqual(['message_too_large', 'message_too_large', 1, 2, 3]);
    expect(states).toEqual([]);
    expect(texts(chat.messages)).toEqual(all.slice(2));
  });
});
