import { FakeClock, Random } from '@parley/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { ChatClientOptions } from '../src/api/options.ts';
import type { OutboxStorage, StoredSend } from '../src/api/storage.ts';
import { ChatClientImplementation } from '../src/chat-client.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import { TestEnvironment } from './harness.ts';
import { ackOf, type Frame, ScriptedServer } from './scripted-server.ts';

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
  for (const client of clients.splice(0)) await close(client);
  expect(environment.timers.size).toBe(0);
  await server.close();
});

async function close(client: ChatClientImplementation): Promise<void> {
  const closed = client.close();
  await clock.advanceAsync(10_000);
  await closed;
}

let errors: string[];
function start(options: Partial<ChatClientOptions> = {}): ChatClientImplementation {
  const webSocket = WebSocket;
  const client = new ChatClientImplementation({ url: server.url, webSocket, userId: 1, ...options }, environment);
  clients.push(client);
  errors = [];
  client.on('error', (error) => errors.push(error.message));
  client.conversation(7).kind = 'group';
  client.start();
  return client;
}

const messageOf = (changes: Record<string, unknown>): Frame => ({
  ...{ type: 'group', conv_id: 7, message_id: 70, msg: 'a', sender: 'Ann', timestamp: '2026-11-23 01:02:03.000004' },
  ...{ seq: 3, sender_id: 1, client_id: 'mine', ...changes },
});

describe('a message that no frame can hold', () => {
  it('fails at once, also when an earlier run has left it, and holds back nothing: sent, it would cut every connection', async () => {
    const storage = memoryStorage();
    const text = 'x'.repeat(4_000);
    await storage.put({ clientId: 'old', userId: 1, conversationId: 7, text, queuedAtMs: 5 });
    const client = start({ storage });
    const [tooLong, short] = [client.send(7, text), client.send(7, 'short')];
    await server.greet(0, { limits: { max_in_flight: 256, max_frame_bytes: 10_000 } });
    expect(await tooLong.settled).toMatchObject({ ok: false, error: { code: 'message_too_large', temporary: false } });
    const frame = await server.frame(0, 'group');
    expect(frame).toMatchObject({ msg: 'short' });
    server.say(0, ackOf(frame, 1));
    expect(await short.settled).toMatchObject({ ok: true });
    await clock.advanceAsync(0);
    expect(await storage.load()).toEqual([]);
    await expect(client.conversation(7).describe(text)).rejects.toMatchObject({ code: 'message_too_large' });
    expect(server.frames(0).map((sent) => sent.type)).not.toContain('group_describe');
  });
});

describe('a storage', () => {
  const nothing = (): never => {
    throw new Error('access is denied');
  };
  const never = (): Promise<never> => new Promise(() => undefined);

  it('that throws instead of rejecting is gone on without', async () => {
    const client = start({ storage: { load: nothing, put: nothing, remove: nothing, close: nothing } });
    await server.greet(0);
    const [a, b] = [client.send(7, 'a'), client.send(7, 'b')];
    expect(await a.stored).toBe(false);
    server.say(0, ackOf(await server.frame(0, 'group'), 1));
    expect(await a.settled).toMatchObject({ ok: true });
    server.say(0, ackOf(await server.frame(0, 'group', 1), 2));
    expect(await b.settled).toMatchObject({ ok: true });
    expect(new Set(errors)).toEqual(new Set(['access is denied']));
  });

  it('that never answers is waited for ten seconds, and gone on without', async () => {
    const client = start({ storage: { load: never, put: never, remove: never, close: never } });
    await server.greet(0);
    const handle = client.send(7, 'a');
    await clock.advanceAsync(9_999);
    expect(server.frames(0).map((frame) => frame.type)).not.toContain('group');
    await clock.advanceAsync(2);
    expect(await handle.stored).toBe(false);
    server.say(0, ackOf(await server.frame(0, 'group'), 1));
    expect(await handle.settled).toMatchObject({ ok: true });
    expect(new Set(errors)).toEqual(new Set(['The storage took too long.']));
  });

  it('that is shared by tabs may still be writing when the client is closed', async () => {
    let written: () => void = () => undefined;
    const storage: OutboxStorage = {
      ...memoryStorage(),
      sharedName: 'shared',
      put: () => new Promise((resolve) => (written = resolve)),
    };
    // As in a browser: what is told after the close throws.
    const channel = new BroadcastChannel('parley-outbox shared');
    const locks = { request: () => never(), query: never } as unknown as LockManager;
    Object.assign(environment, { locks, channel: () => channel });
    const client = start({ storage });
    const handle = client.send(7, 'a');
    await close(client);
    written();
    expect(await handle.stored).toBe(true);
    expect((await handle.settled).ok).toBe(false);
  });

  it('that is shared by tabs keeps nothing that was taken back, or sent, while it was still being written', async () => {
    const kept = new Set<string>();
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const storage: OutboxStorage = {
      ...memoryStorage(),
      sharedName: 'shared',
      put: ({ clientId }) => opened.then(() => void kept.add(clientId)),
      remove: (clientId) => opened.then(() => void kept.delete(clientId)),
    };
    // The other tab, whose storage is open, has stored and removed them by now.
    let other: (data: unknown) => void = () => undefined;
    const channel = {
      set onmessage(listener: (event: { readonly data: unknown }) => void) {
        other = (data) => listener({ data });
      },
      postMessage: () => undefined,
      close: () => undefined,
    };
    const locks = { request: () => never(), query: never } as unknown as LockManager;
    Object.assign(environment, { locks, channel: () => channel });
    const client = start({ storage });
    const [taken, sent] = [client.send(7, 'a'), client.send(7, 'b')];
    const back = taken.cancel();
    other({ t: 'failed', clientId: taken.clientId, code: 'cancelled', message: '' });
    other({ t: 'sent', clientId: sent.clientId, place: { seq: 1, messageId: 1, sentAtMs: 1 } });
    expect([await back, (await sent.settled).ok]).toEqual([true, true]);
    open();
    expect([await taken.stored, await sent.stored]).toEqual([true, true]);
    await clock.advanceAsync(0);
    expect([...kept]).toEqual([]);
  });
});

describe('a message of this user from the stream', () => {
  it('is taken for the ack of the same message only, not of another conversation or with another text', async () => {
    const client = start();
    await server.greet(0);
    client.conversation(8).kind = 'group';
    const frames: Frame[] = [];
    const [other, changed] = [
      client.send(8, 'a', { clientId: 'mine' }),
      client.send(7, 'changed', { clientId: 'mine too' }),
    ];
    for (const nth of [0, 1]) frames.push(await server.frame(0, 'group', nth));
    // From another device, which names its messages in the same way.
    server.say(0, messageOf({}), messageOf({ seq: 4, client_id: 'mine too', msg: 'a' }));
    server.say(0, { type: 'typing', conv_id: 7, user_id: 2, active: true });
    await new Promise<void>((resolve) => void client.on('typing', () => resolve()));
    expect([other.status, changed.status]).toEqual(['queued', 'queued']);
    for (const frame of frames) server.say(0, ackOf(frame, 9));
    expect(await other.settled).toMatchObject({ ok: true, seq: 9 });
    expect(await changed.settled).toMatchObject({ ok: true, seq: 9 });
  });
});

describe('a listener for errors', () => {
  it('that throws is reported, and nothing more comes of it', async () => {
    const client = start();
    client.on('error', () => {
      throw new Error('while telling');
    });
    client.on('state', () => {
      throw new Error('while listening');
    });
    await server.greet(0);
    while (client.state.status !== 'connected') await clock.advanceAsync(0);
    expect(new Set(errors)).toEqual(new Set(['while listening']));
    const reported = environment.reported.map((error) => (error as Error).message);
    expect(new Set(reported)).toEqual(new Set(['while telling']));
    expect(reported).toHaveLength(errors.length);
  });
});

describe('ten thousand messages', () => {
  it('are queued, stored and sent in order', async () => {
    const storage = memoryStorage();
    const client = start({ storage });
    const handles = Array.from({ length: 10_000 }, (_, n) => client.send(7, `${n}`));
    expect(client.send(7, 'one more').error).toMatchObject({ code: 'overloaded' });
    server.onFrame = (frame) => {
      if (frame.type === 'group') server.say(0, ackOf(frame, Number(frame.msg) + 1));
    };
    await server.greet(0);
    const places = await Promise.all(handles.map((handle) => handle.settled));
    expect(places.map((place) => place.ok && place.seq)).toEqual(handles.map((_, n) => n + 1));
    expect(client.pending).toEqual([]);
    expect(await storage.load()).toEqual([] satisfies StoredSend[]);
  });
});
