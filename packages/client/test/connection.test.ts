import { FakeClock, Random } from '@parley/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { ChatClientOptions } from '../src/api/options.ts';
import type { ClientState } from '../src/api/state.ts';
import { ChatClientImplementation } from '../src/chat-client.ts';
import { TestEnvironment } from './harness.ts';
import { type Frame, ScriptedServer, welcomeFrame } from './scripted-server.ts';

let server: ScriptedServer;
let clock: FakeClock;
let environment: TestEnvironment;
let client: ChatClientImplementation;
let states: ClientState[];

beforeEach(async () => {
  server = await ScriptedServer.open();
  clock = new FakeClock();
  environment = new TestEnvironment(clock, new Random(1), 'c');
});

afterEach(async () => {
  const closed = client.close();
  await clock.advanceAsync(1_000);
  await closed;
  expect(environment.timers.size).toBe(0);
  expect(environment.listeners.size).toBe(0);
  await server.until(() => server.open === 0);
  await server.close();
});

/** Frames travel through real sockets: the fake clock only stands for waiting. */
function start(options: Partial<ChatClientOptions> = {}): void {
  const webSocket = WebSocket;
  client = new ChatClientImplementation({ url: server.url, webSocket, userId: 1, ...options }, environment);
  states = [];
  client.on('state', (state) => states.push(state));
  client.start();
}

/** Real time passes only as far as sockets need it. */
async function state(status: ClientState['status'], reason?: string): Promise<ClientState> {
  const isIt = (): boolean =>
    client.state.status === status && (reason === undefined || (client.state as { reason?: string }).reason === reason);
  if (!isIt()) {
    await new Promise<void>((resolve) => {
      const stop = client.on('state', () => {
        if (!isIt()) return;
        stop();
        resolve();
      });
    });
  }
  return client.state;
}

const waitMs = (at: ClientState): number =>
  at.status === 'disconnected' && at.retryAtMs !== null ? at.retryAtMs - environment.now() : Number.NaN;

describe('a connection', () => {
  it('goes from connecting over syncing to connected, and says who one is and what one has', async () => {
    start({ device: 'phone', client: 'test/1' });
    const hello = await server.frame(0, 'hello');
    expect(hello).toEqual({ type: 'hello', v: 2, user_id: 1, device: 'phone', client: 'test/1', cursors: 'server' });
    server.say(0, welcomeFrame());
    await state('syncing');
    server.say(0, { type: 'sync_complete', conversations: 0 });
    await state('connected');
    expect(states.map((at) => at.status)).toEqual(['connecting', 'syncing', 'connected']);
    expect(client.user).toEqual({ id: 1, name: 'Ann' });
    await client.ready();
  });

  it('comes back with the cursors and the epoch of what it has', async () => {
    start();
    await server.greet(0);
    await state('connected');
    const message: Frame = {
      ...{
        type: 'group',
        conv_id: 7,
        message_id: 70,
        msg: 'x',
        sender: 'Bob',
        timestamp: '2026-11-23 01:02:03.000004',
      },
      ...{ seq: 3, sender_id: 2, client_id: 'b' },
    };
    server.say(0, message, { type: 'synced', conv_id: 8, kind: 'personal', seq: 9, recovered: 0 });
    await new Promise<void>((resolve) => void client.on('conversation', (c) => c.id === 8 && resolve()));
    server.hangUp(0, 4002);
    await state('disconnected', 'server_closed');
    await clock.advanceAsync(500);
    const hello = await server.greet(1);
    expect(hello).toMatchObject({ cursors: { 7: 3, 8: 9 }, groups: [7], epoch: 'e', status_of: [] });
  });

  it('goes by the old epoch until all of a new one has come: its cursors are of the old one', async () => {
    start();
    await server.frame(0, 'hello');
    server.say(0, welcomeFrame({ epoch: 'old' }));
    const synced = (id: number): Frame => ({ type: 'synced', conv_id: id, kind: 'personal', seq: 9, recovered: 0 });
    server.say(0, synced(7), synced(8), { type: 'sync_complete', conversations: 2 });
    await state('connected');
    server.hangUp(0, 4002);
    await state('disconnected');
    await clock.advanceAsync(500);
    await server.frame(1, 'hello');
    server.say(1, welcomeFrame({ epoch: 'new' }));
    const reset = (id: number): Frame => ({ type: 'reset', conv_id: id, kind: 'personal', seq: 2, reason: 'epoch' });
    const forgotten = new Promise<void>((resolve) => void client.on('reset', () => resolve()));
    server.say(1, reset(7));
    await forgotten;
    // The connection ends before the server could say it of conversation 8.
    server.hangUp(1, 4002);
    await state('disconnected');
    await clock.advanceAsync(1_000);
    expect(await server.frame(2, 'hello')).toMatchObject({ cursors: { 7: 2, 8: 9 }, epoch: 'old' });
    server.say(2, welcomeFrame({ epoch: 'new' }), reset(7), reset(8), { type: 'sync_complete', conversations: 2 });
    await state('connected');
    server.hangUp(2, 4002);
    await state('disconnected');
    await clock.advanceAsync(500);
    expect(await server.frame(3, 'hello')).toMatchObject({ cursors: { 7: 2, 8: 2 }, epoch: 'new' });
  });

  it('waits a random time below a bound that doubles, and starts anew after a good connection', async () => {
    start({ backoff: { baseMs: 1_000, maxMs: 4_000 } });
    const waits: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      await server.frame(n, 'hello');
      server.hangUp(n, 4004);
      const at = await state('disconnected');
      waits.push(waitMs(at));
      // Not before its time.
      await clock.advanceAsync(Math.floor(waitMs(at)) - 1);
      expect(client.state.status).toBe('disconnected');
      await clock.advanceAsync(2);
      await state('connecting');
    }
    const bounds = [1_000, 2_000, 4_000, 4_000, 4_000, 4_000];
    for (const [n, wait] of waits.entries()) expect(wait).toBeLessThanOrEqual(bounds[n] ?? 0);
    expect(Math.max(...waits)).toBeGreaterThan(1_000);
    await server.greet(6);
    await state('connected');
    server.hangUp(6, 4004);
    expect(waitMs(await state('disconnected'))).toBeLessThanOrEqual(1_000);
  });

  it('waits as long as an overloaded server asks for', async () => {
    start();
    await server.frame(0, 'hello');
    const overloaded = { code: 4001, name: 'overloaded', message: 'later', temporary: true, retry_after_ms: 9_000 };
    server.say(0, { type: 'error', ...overloaded });
    server.hangUp(0, 4004);
    expect(waitMs(await state('disconnected'))).toBeGreaterThanOrEqual(9_000);
  });

  it.each([
    [4501, 'invalid_token', 'refused'],
    [4502, 'unsupported_version', 'refused'],
    [4999, 'something_new', 'refused'],
  ])('stops at the terminal close code %i', async (code, name, reason) => {
    start();
    await server.frame(0, 'hello');
    server.say(0, { type: 'error', code: 1, name, message: `it was ${name}`, temporary: false });
    server.hangUp(0, code);
    expect(await state('disconnected')).toEqual({
      status: 'disconnected',
      reason,
      detail: `it was ${name}`,
      retryAtMs: null,
    });
    await expect(client.ready()).rejects.toMatchObject({ code: 'refused' });
    await clock.advanceAsync(600_000);
    expect(server.opened).toBe(1);
    // Until it is told to.
    client.reconnect();
    await server.greet(1);
    await state('connected');
  });

  it('says at once why it cannot ask the server anything, once it has stopped', async () => {
    start();
    const early = client.openPersonal(2);
    await server.frame(0, 'hello');
    server.say(0, { type: 'error', code: 1002, name: 'invalid_frame', message: 'user_id: send 7.', temporary: false });
    server.hangUp(0, 4501);
    const refused = { code: 'refused', message: 'user_id: send 7.', temporary: false };
    await expect(early).rejects.toMatchObject(refused);
    await expect(client.openPersonal(2)).rejects.toMatchObject(refused);
    await expect(client.loadConversations()).rejects.toMatchObject(refused);
    // A new attempt is waited for again.
    client.reconnect();
    const later = client.block(2);
    await server.greet(1);
    const { ref } = await server.frame(1, 'block');
    server.say(1, { type: 'ok', ref });
    await later;
  });

  it('leaves a node that says goaway when it is time, and comes back at once', async () => {
    start();
    await server.greet(0);
    await state('connected');
    server.say(0, { type: 'goaway', reconnect_after_ms: 3_000 });
    server.say(0, { type: 'typing', conv_id: 5, user_id: 2, active: true });
    await new Promise<void>((resolve) => void client.on('typing', () => resolve()));
    await clock.advanceAsync(2_999);
    expect(client.state.status).toBe('connected');
    await clock.advanceAsync(2);
    await server.greet(1);
    await state('connected');
    expect(states.some((at) => at.status === 'disconnected' && at.reason === 'node_stopping')).toBe(true);
  });

  it('keeps the time of a goaway when the node closes first', async () => {
    start();
    await server.greet(0);
    await state('connected');
    server.say(0, { type: 'goaway', reconnect_after_ms: 4_000 });
    server.hangUp(0, 1012);
    expect(Math.round(waitMs(await state('disconnected', 'node_stopping')))).toBe(4_000);
  });

  it('asks a silent server, and leaves it when there is no answer', async () => {
    start();
    await server.greet(0);
    await state('connected');
    // Noticed in ticks of half a heartbeat.
    await clock.advanceAsync(37_500);
    await server.frame(0, 'ping');
    server.say(0, { type: 'pong', time: '2026-11-23 01:02:03.000004' });
    server.say(0, { type: 'typing', conv_id: 5, user_id: 2, active: true });
    await new Promise<void>((resolve) => void client.on('typing', () => resolve()));
    await clock.advanceAsync(37_500);
    await server.frame(0, 'ping', 1);
    await clock.advanceAsync(9_999);
    expect(client.state.status).toBe('connected');
    await clock.advanceAsync(2);
    await state('disconnected', 'silent');
  });

  it('asks at once when the page shows again or the network is back, and does not wait out a backoff', async () => {
    start({ backoff: { baseMs: 60_000, maxMs: 60_000 } });
    await server.greet(0);
    await state('connected');
    environment.sign('visible');
    await server.frame(0, 'ping');
    await clock.advanceAsync(5_001);
    await state('disconnected', 'silent');
    environment.isOnline = false;
    environment.sign('offline');
    expect(client.state.status).toBe('disconnected');
    environment.isOnline = true;
    environment.sign('online');
    await server.greet(1);
    await state('connected');
  });

  it('says offline when the browser does, and tries all the same', async () => {
    environment.isOnline = false;
    start();
    await server.frame(0, 'hello');
    server.hangUp(0, 1011);
    const at = await state('disconnected', 'offline');
    await clock.advanceAsync(waitMs(at) + 1);
    await server.greet(1);
    await state('connected');
  });

  it('gets a new token at once when the old one has expired, and then more slowly', async () => {
    const tokens = ['old', 'refused', 'good'];
    const reasons: string[] = [];
    start({
      getToken: async ({ reason }) => {
        reasons.push(reason);
        return tokens.shift() ?? null;
      },
    });
    expect(await server.frame(0, 'hello')).toMatchObject({ token: 'old' });
    server.say(0, { type: 'error', code: 2003, name: 'token_expired', message: 'expired', temporary: false });
    server.hangUp(0, 4501);
    expect(waitMs(await state('disconnected', 'token_expired'))).toBe(0);
    await clock.advanceAsync(1);
    expect(await server.frame(1, 'hello')).toMatchObject({ token: 'refused' });
    server.say(1, { type: 'error', code: 2003, name: 'token_expired', message: 'expired', temporary: false });
    server.hangUp(1, 4501);
    const wait = waitMs(await state('disconnected', 'token_expired'));
    expect(wait).toBeGreaterThan(0);
    await clock.advanceAsync(wait + 1);
    expect(await server.greet(2)).toMatchObject({ token: 'good' });
    await state('connected');
    expect(reasons).toEqual(['connect', 'expired', 'expired']);
  });

  it('stops with an expired token that cannot be renewed', async () => {
    start({ token: 'only' });
    await server.greet(0);
    await state('connected');
    server.hangUp(0, 4006);
    expect(await state('disconnected')).toMatchObject({ reason: 'token_expired', retryAtMs: null });
  });

  it('tries a getToken that fails again, reports it, and stops when it gives null', async () => {
    const answers = [() => Promise.reject(new Error('503')), () => 'good', () => null];
    const errors: string[] = [];
    start({ getToken: () => (answers.shift() ?? (() => null))() });
    client.on('error', (error) => errors.push(error.message));
    const at = await state('disconnected', 'no_token');
    expect(errors).toEqual(['503']);
    await clock.advanceAsync(waitMs(at) + 1);
    await server.greet(0);
    await state('connected');
    server.hangUp(0, 4006);
    await state('disconnected', 'token_expired');
    await clock.advanceAsync(1);
    expect(await state('disconnected', 'no_token')).toMatchObject({ retryAtMs: null });
  });

  it('gives up a getToken that never answers, reports it, and asks again', async () => {
    let calls = 0;
    const errors: string[] = [];
    start({
      getToken: () => {
        calls += 1;
        return calls === 1 ? new Promise(() => undefined) : 'good';
      },
    });
    client.on('error', (error) => errors.push(error.message));
    await clock.advanceAsync(29_999);
    expect(client.state.status).toBe('connecting');
    await clock.advanceAsync(2);
    const at = await state('disconnected', 'no_token');
    expect(errors).toEqual(['getToken took too long.']);
    await clock.advanceAsync(waitMs(at) + 1);
    expect(await server.greet(0)).toMatchObject({ token: 'good' });
    await state('connected');
    expect(calls).toBe(2);
  });

  it('asks again when getToken never answers while the connection is to be extended', async () => {
    const reasons: string[] = [];
    const errors: string[] = [];
    start({
      getToken: ({ reason }) => {
        reasons.push(reason);
        return reasons.length === 2 ? new Promise(() => undefined) : `token ${reasons.length}`;
      },
    });
    client.on('error', (error) => errors.push(error.message));
    await server.greet(0);
    await state('connected');
    server.say(0, { type: 'refresh_needed', expires_at: '2026-11-23 01:02:03.000004' });
    server.say(0, { type: 'typing', conv_id: 5, user_id: 2, active: true });
    await new Promise<void>((resolve) => void client.on('typing', () => resolve()));
    expect(reasons).toEqual(['connect', 'refresh']);
    await clock.advanceAsync(35_001);
    expect(await server.frame(0, 'refresh')).toMatchObject({ token: 'token 3' });
    expect(reasons).toEqual(['connect', 'refresh', 'refresh']);
    expect(errors).toEqual(['getToken took too long.']);
    expect(client.state.status).toBe('connected');
  });

  it('tries a getToken that throws again, as one that rejects', async () => {
    const errors: string[] = [];
    start({
      getToken: () => {
        if (errors.length === 0) throw new Error('no session storage');
        return 'good';
      },
    });
    client.on('error', (error) => errors.push(error.message));
    const at = await state('disconnected', 'no_token');
    expect(errors).toEqual(['no session storage']);
    await clock.advanceAsync(waitMs(at) + 1);
    expect(await server.greet(0)).toMatchObject({ token: 'good' });
    await state('connected');
  });

  it('connects at once, and once, when it is told to by who hears of the end', async () => {
    start({ backoff: { baseMs: 20_000, maxMs: 20_000 } });
    await server.greet(0);
    await state('connected');
    client.on('state', (at) => {
      if (at.status === 'disconnected') client.reconnect();
    });
    server.hangUp(0, 4004);
    await server.greet(1);
    await state('connected');
    await clock.advanceAsync(20_001);
    expect(server.opened).toBe(2);
    expect(client.state.status).toBe('connected');
  });

  it('refuses a token of another user', async () => {
    start({ token: 'of-two', userId: 1 });
    await server.frame(0, 'hello');
    server.say(0, welcomeFrame({ user_id: 2 }));
    expect(await state('disconnected')).toMatchObject({ reason: 'wrong_user', retryAtMs: null });
  });

  it('says so when there is no WebSocket, or the URL is none', async () => {
    start({ url: 'nonsense' });
    expect(await state('disconnected')).toMatchObject({ reason: 'refused', retryAtMs: null });
    await client.close();
    client = new ChatClientImplementation({ url: server.url, userId: 1 }, environment);
    client.start();
    expect(await state('disconnected')).toMatchObject({ reason: 'refused', retryAtMs: null });
  });

  it('passes over what is no frame, and leaves a server that speaks no JSON', async () => {
    start();
    await server.greet(0);
    await state('connected');
    for (const text of ['null', '5', '[]', '"x"', '{}', '{"type":null}']) server.sayText(0, text);
    server.say(0, { type: 'typing', conv_id: 5, user_id: 2, active: true });
    await new Promise<void>((resolve) => void client.on('typing', () => resolve()));
    expect(client.state.status).toBe('connected');
    server.sayText(0, '<html>');
    await state('disconnected', 'lost');
    expect(environment.reported).toEqual([]);
  });

  it('gives up a server that does not welcome it', async () => {
    start();
    await server.frame(0, 'hello');
    await clock.advanceAsync(15_001);
    await state('disconnected', 'silent');
  });

  it('says goodbye, and settles everything that is asked of it', async () => {
    start();
    await server.greet(0);
    await state('connected');
    const asked = [client.loadConversations(), client.conversation(3).loadOlder(), client.openPersonal(4)];
    const sent = client.send(3, 'hello');
    const closed = client.close();
    await clock.advanceAsync(1_000);
    await closed;
    await server.frame(0, 'bye');
    for (const promise of asked) await expect(promise).rejects.toMatchObject({ code: 'closed' });
    expect(await sent.settled).toMatchObject({ ok: false, error: { code: 'closed', temporary: true } });
    expect(client.send(3, 'later').status).toBe('failed');
    await expect(client.presence([2])).rejects.toMatchObject({ code: 'closed' });
    expect(client.state).toMatchObject({ status: 'disconnected', reason: 'closed' });
  });
});
