import { FakeClock, Random } from '@parley/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { ChatClientOptions } from '../src/api/options.ts';
import type { OutboxStorage, StoredSend } from '../src/api/storage.ts';
import { ChatClientImplementation } from '../src/chat-client.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import { TestEnvironment } from './harness.ts';
import { ackOf, refusalOf, ScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;
let clock: FakeClock;
let environment: TestEnvironment;
const clients: ChatClientImplementation[] = [];

beforeEach(async () => {
  server = await ScriptedServer.open();
  clock = new FakeClock();
  environment = new TestEnvironment(clock, new Random(1), 'c');
});

afterEach(async () => {
  for (const client of clients.splice(0)) {
    const closed = client.close();
    await clock.advanceAsync(1_000);
    await closed;
  }
  expect(environment.timers.size).toBe(0);
  await server.close();
});

function start(options: Partial<ChatClientOptions> = {}): ChatClientImplementation {
  const webSocket = WebSocket;
  const client = new ChatClientImplementation({ url: server.url, webSocket, userId: 1, ...options }, environment);
  clients.push(client);
  client.on('error', () => undefined);
  client.conversation(7).kind = 'group';
  client.start();
  return client;
}

const sends = (connection: number): string[] =>
  server
    .frames(connection)
    .filter((frame) => frame.type === 'group')
    .map((frame) => String(frame.msg));

describe('the outbox', () => {
  it('has one message of a conversation on the wire at a time, in the order of send', async () => {
    const client = start();
    await server.greet(0);
    const handles = ['a', 'b', 'c'].map((text) => client.send(7, text));
    for (const [n, handle] of handles.entries()) {
      const frame = await server.frame(0, 'group', n);
      expect(sends(0)).toEqual(['a', 'b', 'c'].slice(0, n + 1));
      server.say(0, ackOf(frame, n + 1));
      expect(await handle.settled).toMatchObject({ ok: true, seq: n + 1 });
    }
  });

  it('sends again with the same client id when the connection was lost before the ack (G3)', async () => {
    const client = start();
    await server.greet(0);
    const handle = client.send(7, 'a');
    const first = await server.frame(0, 'group');
    server.hangUp(0, 4003);
    while (client.state.status !== 'disconnected') await clock.advanceAsync(0);
    await clock.advanceAsync(500);
    await server.greet(1);
    const second = await server.frame(1, 'group');
    expect(second).toMatchObject({ client_id: first.client_id, msg: 'a' });
    server.say(1, ackOf(second, 4));
    expect(await handle.settled).toMatchObject({ ok: true, seq: 4 });
  });

  it('waits as long as the server asks for after a temporary error, and lets nothing overtake', async () => {
    const client = start();
    await server.greet(0);
    const [a, b] = [client.send(7, 'a'), client.send(7, 'b')];
    server.say(0, refusalOf(await server.frame(0, 'group'), 'overloaded', true, { retry_after_ms: 7_000 }));
    server.say(0, { type: 'typing', conv_id: 7, user_id: 2, active: true });
    await new Promise<void>((resolve) => void client.on('typing', () => resolve()));
    await clock.advanceAsync(6_999);
    expect(sends(0)).toEqual(['a']);
    expect(a.status).toBe('queued');
    await clock.advanceAsync(1_000);
    server.say(0, ackOf(await server.frame(0, 'group', 1), 1));
    server.say(0, ackOf(await server.frame(0, 'group', 2), 2));
    await b.settled;
    expect(sends(0)).toEqual(['a', 'a', 'b']);
  });

  it('fails a message that the server refuses for good, and goes on with the next', async () => {
    const client = start();
    await server.greet(0);
    const [a, b] = [client.send(7, 'a'), client.send(7, 'b')];
    server.say(0, refusalOf(await server.frame(0, 'group'), 'not_a_member', false));
    expect(await a.settled).toMatchObject({ ok: false, error: { code: 'not_a_member', temporary: false } });
    expect(a.status).toBe('failed');
    server.say(0, ackOf(await server.frame(0, 'group', 1), 1));
    expect(await b.settled).toMatchObject({ ok: true });
  });

  it('takes a message back that has not been sent, and no other', async () => {
    const client = start();
    await server.greet(0);
    const [a, b, c] = [client.send(7, 'a'), client.send(7, 'b'), client.send(7, 'c')];
    const frame = await server.frame(0, 'group');
    expect(await a.cancel()).toBe(false);
    expect(await b.cancel()).toBe(true);
    expect(await b.settled).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    server.say(0, ackOf(frame, 1));
    server.say(0, ackOf(await server.frame(0, 'group', 1), 2));
    await c.settled;
    expect(sends(0)).toEqual(['a', 'c']);
    expect(await c.cancel()).toBe(false);
  });

  it('takes a message back also inside of the event that tells of it, and keeps nothing of it', async () => {
    const storage = memoryStorage();
    const client = start({ storage });
    await server.greet(0);
    const stored: Promise<boolean>[] = [];
    client.on('send', (handle) => {
      if (handle.status !== 'queued') return;
      stored.push(handle.stored);
      void handle.cancel();
    });
    const handle = client.send(7, 'a');
    expect(await handle.settled).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    expect(await Promise.all(stored)).toEqual([true]);
    expect(await storage.load()).toEqual([]);
  });

  it('sends what an earlier run has left, first and in order', async () => {
    const storage = memoryStorage();
    const left = (text: string, userId: number | null): StoredSend => ({
      ...{ clientId: `old-${text}`, userId, conversationId: 7, text, queuedAtMs: 5 },
    });
    for (const send of [left('x', 1), left('not mine', 2), left('y', null)]) await storage.put(send);
    const client = start({ storage });
    const told: string[] = [];
    client.on('send', (handle) => told.push(`${handle.text} ${handle.status}`));
    client.send(7, 'z');
    await server.greet(0);
    for (const seq of [1, 2, 3]) server.say(0, ackOf(await server.frame(0, 'group', seq - 1), seq));
    while (client.pending.length > 0) await clock.advanceAsync(0);
    expect(sends(0)).toEqual(['x', 'y', 'z']);
    expect(told).toContain('x sent');
    // Another user's stays.
    expect(await storage.load()).toEqual([left('not mine', 2)]);
  });

  it('keeps a message before it is on the wire, and forgets it only after the ack', async () => {
    const calls: string[] = [];
    const real = memoryStorage();
    let release: () => void = () => undefined;
    const storage: OutboxStorage = {
      ...real,
      put: async (send) => {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        await real.put(send);
        calls.push('put');
      },
      remove: async (clientId) => {
        calls.push('remove');
        await real.remove(clientId);
      },
    };
    const client = start({ storage });
    await server.greet(0);
    const handle = client.send(7, 'a');
    server.say(0, { type: 'typing', conv_id: 7, user_id: 2, active: true });
    await new Promise<void>((resolve) => void client.on('typing', () => resolve()));
    await clock.advanceAsync(60);
    expect(sends(0)).toEqual([]);
    release();
    expect(await handle.stored).toBe(true);
    const frame = await server.frame(0, 'group');
    expect(calls).toEqual(['put']);
    server.say(0, ackOf(frame, 1));
    await handle.settled;
    await clock.advanceAsync(0);
    expect(calls).toEqual(['put', 'remove']);
  });

  it('goes on in memory when the storage fails, and says so', async () => {
    const broken = (): Promise<never> => Promise.reject(new Error('the disk is full'));
    const storage: OutboxStorage = { load: broken, put: broken, remove: broken, close: broken };
    const client = start({ storage });
    const errors: string[] = [];
    client.on('error', (error) => errors.push(error.message));
    await server.greet(0);
    const handle = client.send(7, 'a');
    expect(await handle.stored).toBe(false);
    server.say(0, ackOf(await server.frame(0, 'group'), 1));
    expect(await handle.settled).toMatchObject({ ok: true });
    expect(errors).toContain('the disk is full');
  });

  it('refuses beyond its bound, an empty text, and a client id for two texts', async () => {
    const client = start({ maxQueued: 2 });
    const first = client.send(7, 'a', { clientId: 'mine' });
    expect(client.send(7, 'a', { clientId: 'mine' })).toBe(first);
    expect(client.send(7, 'b', { clientId: 'mine' }).error).toMatchObject({ code: 'client_id_conflict' });
    expect(client.send(7, '').error).toMatchObject({ code: 'invalid_frame' });
    client.send(7, 'c');
    expect(client.send(7, 'd').error).toMatchObject({ code: 'overloaded', temporary: true });
    expect(client.pending.map((handle) => handle.text)).toEqual(['a', 'c']);
  });

  it('asks for the kind of a conversation that it does not know, and fails where there is none', async () => {
    const client = start();
    await server.greet(0);
    const handle = client.send(9, 'a');
    const asked = await server.frame(0, 'conversations');
    expect(asked.conv_id).toEqual([9]);
    server.say(0, { type: 'conversations', ref: asked.ref, conversations: [], next: null });
    expect(await handle.settled).toMatchObject({ ok: false, error: { code: 'not_a_member' } });
  });

  it('takes its own message from the stream for the ack that was lost', async () => {
    const client = start();
    await server.greet(0);
    const handle = client.send(7, 'a');
    const frame = await server.frame(0, 'group');
    server.say(0, {
      ...{
        type: 'group',
        conv_id: 7,
        message_id: 70,
        msg: 'a',
        sender: 'Ann',
        timestamp: '2026-11-23 01:02:03.000004',
      },
      ...{ seq: 3, sender_id: 1, client_id: frame.client_id },
    });
    expect(await handle.settled).toMatchObject({ ok: true, seq: 3, messageId: 70 });
    expect(client.conversation(7).messages.map((item) => item.seq)).toEqual([3]);
    server.say(0, ackOf(frame, 3));
    server.say(0, { type: 'typing', conv_id: 7, user_id: 2, active: true });
    await new Promise<void>((resolve) => void client.on('typing', () => resolve()));
    expect(client.conversation(7).messages.map((item) => item.seq)).toEqual([3]);
  });
});
