import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ChatClientImplementation } from '../src/chat-client.ts';
import { ScriptedConnection } from './scripted-connection.ts';
import { type Frame, welcomeFrame } from './scripted-server.ts';

const device = ScriptedConnection.forEachTest();

describe('a connection', () => {
  it('goes from connecting over syncing to connected, and says who one is and what one has', async () => {
    device.start({ device: 'phone', client: 'test/1' });
    const hello = await device.server.frame(0, 'hello');
    expect(hello).toEqual({ type: 'hello', v: 2, user_id: 1, device: 'phone', client: 'test/1', cursors: 'server' });
    device.server.say(0, welcomeFrame());
    await device.state('syncing');
    device.server.say(0, { type: 'sync_complete', conversations: 0 });
    await device.state('connected');
    expect(device.states.map((at) => at.status)).toEqual(['connecting', 'syncing', 'connected']);
    expect(device.client.user).toEqual({ id: 1, name: 'Ann' });
    await device.client.ready();
  });

  it('comes back with the cursors and the epoch of what it has', async () => {
    device.start();
    await device.server.greet(0);
    await device.state('connected');
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
    device.server.say(0, message, { type: 'synced', conv_id: 8, kind: 'personal', seq: 9, recovered: 0 });
    await new Promise<void>((resolve) => void device.client.on('conversation', (c) => c.id === 8 && resolve()));
    device.server.hangUp(0, 4002);
    await device.state('disconnected', 'server_closed');
    await device.clock.advanceAsync(500);
    const hello = await device.server.greet(1);
    expect(hello).toMatchObject({ cursors: { 7: 3, 8: 9 }, groups: [7], epoch: 'e', status_of: [] });
  });

  it('goes by the old epoch until all of a new one has come: its cursors are of the old one', async () => {
    device.start();
    await device.server.frame(0, 'hello');
    device.server.say(0, welcomeFrame({ epoch: 'old' }));
    const synced = (id: number): Frame => ({ type: 'synced', conv_id: id, kind: 'personal', seq: 9, recovered: 0 });
    device.server.say(0, synced(7), synced(8), { type: 'sync_complete', conversations: 2 });
    await device.state('connected');
    device.server.hangUp(0, 4002);
    await device.state('disconnected');
    await device.clock.advanceAsync(500);
    await device.server.frame(1, 'hello');
    device.server.say(1, welcomeFrame({ epoch: 'new' }));
    const reset = (id: number): Frame => ({ type: 'reset', conv_id: id, kind: 'personal', seq: 2, reason: 'epoch' });
    const forgotten = new Promise<void>((resolve) => void device.client.on('reset', () => resolve()));
    device.server.say(1, reset(7));
    await forgotten;
    // The connection ends before the server could say it of conversation 8.
    device.server.hangUp(1, 4002);
    await device.state('disconnected');
    await device.clock.advanceAsync(1_000);
    expect(await device.server.frame(2, 'hello')).toMatchObject({ cursors: { 7: 2, 8: 9 }, epoch: 'old' });
    device.server.say(2, welcomeFrame({ epoch: 'new' }), reset(7), reset(8), {
      type: 'sync_complete',
      conversations: 2,
    });
    await device.state('connected');
    device.server.hangUp(2, 4002);
    await device.state('disconnected');
    await device.clock.advanceAsync(500);
    expect(await device.server.frame(3, 'hello')).toMatchObject({ cursors: { 7: 2, 8: 2 }, epoch: 'new' });
  });

  it('waits a random time below a bound that doubles, and starts anew after a good connection', async () => {
    device.start({ backoff: { baseMs: 1_000, maxMs: 4_000 } });
    const waits: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      await device.server.frame(n, 'hello');
      device.server.hangUp(n, 4004);
      const at = await device.state('disconnected');
      waits.push(device.waitMs(at));
      // Not before its time.
      await device.clock.advanceAsync(Math.floor(device.waitMs(at)) - 1);
      expect(device.client.state.status).toBe('disconnected');
      await device.clock.advanceAsync(2);
      await device.state('connecting');
    }
    const bounds = [1_000, 2_000, 4_000, 4_000, 4_000, 4_000];
    for (const [n, wait] of waits.entries()) expect(wait).toBeLessThanOrEqual(bounds[n] ?? 0);
    expect(Math.max(...waits)).toBeGreaterThan(1_000);
    await device.server.greet(6);
    await device.state('connected');
    device.server.hangUp(6, 4004);
    expect(device.waitMs(await device.state('disconnected'))).toBeLessThanOrEqual(1_000);
  });

  it('waits as long as an overloaded server asks for', async () => {
    device.start();
    await device.server.frame(0, 'hello');
    const overloaded = { code: 4001, name: 'overloaded', message: 'later', temporary: true, retry_after_ms: 9_000 };
    device.server.say(0, { type: 'error', ...overloaded });
    device.server.hangUp(0, 4004);
    expect(device.waitMs(await device.state('disconnected'))).toBeGreaterThanOrEqual(9_000);
  });

  it.each([
    [4501, 'invalid_token', 'refused'],
    [4502, 'unsupported_version', 'refused'],
    [4999, 'something_new', 'refused'],
  ])('stops at the terminal close code %i', async (code, name, reason) => {
    device.start();
    await device.server.frame(0, 'hello');
    device.server.say(0, { type: 'error', code: 1, name, message: `it was ${name}`, temporary: false });
    device.server.hangUp(0, code);
    expect(await device.state('disconnected')).toEqual({
      status: 'disconnected',
      reason,
      detail: `it was ${name}`,
      retryAtMs: null,
    });
    await expect(device.client.ready()).rejects.toMatchObject({ code: 'refused' });
    await device.clock.advanceAsync(600_000);
    expect(device.server.opened).toBe(1);
    // Until it is told to.
    device.client.reconnect();
    await device.server.greet(1);
    await device.state('connected');
  });

  it('says at once why it cannot ask the server anything, once it has stopped', async () => {
    device.start();
    const early = device.client.openPersonal(2);
    await device.server.frame(0, 'hello');
    device.server.say(0, {
      type: 'error',
      code: 1002,
      name: 'invalid_frame',
      message: 'user_id: send 7.',
      temporary: false,
    });
    device.server.hangUp(0, 4501);
    const refused = { code: 'refused', message: 'user_id: send 7.', temporary: false };
    await expect(early).rejects.toMatchObject(refused);
    await expect(device.client.openPersonal(2)).rejects.toMatchObject(refused);
    await expect(device.client.loadConversations()).rejects.toMatchObject(refused);
    // A new attempt is waited for again.
    device.client.reconnect();
    const later = device.client.block(2);
    await device.server.greet(1);
    const { ref } = await device.server.frame(1, 'block');
    device.server.say(1, { type: 'ok', ref });
    await later;
  });

  it('leaves a node that says goaway when it is time, and comes back at once', async () => {
    device.start();
    await device.server.greet(0);
    await device.state('connected');
    device.server.say(0, { type: 'goaway', reconnect_after_ms: 3_000 });
    device.server.say(0, { type: 'typing', conv_id: 5, user_id: 2, active: true });
    await new Promise<void>((resolve) => void device.client.on('typing', () => resolve()));
    await device.clock.advanceAsync(2_999);
    expect(device.client.state.status).toBe('connected');
    await device.clock.advanceAsync(2);
    await device.server.greet(1);
    await device.state('connected');
    expect(device.states.some((at) => at.status === 'disconnected' && at.reason === 'node_stopping')).toBe(true);
  });

  it('leaves no socket open to a node that said goaway and hangs since', async () => {
    const sockets: WebSocket[] = [];
    const webSocket = class extends WebSocket {
      constructor(url: string) {
        super(url);
        sockets.push(this);
      }
    };
    device.start({ webSocket });
    await device.server.greet(0);
    await device.state('connected');
    device.server.say(0, { type: 'goaway', reconnect_after_ms: 3_000 });
    device.server.say(0, { type: 'typing', conv_id: 5, user_id: 2, active: true });
    await new Promise<void>((resolve) => void device.client.on('typing', () => resolve()));
    device.server.setDeaf(0, true);
    await device.clock.advanceAsync(3_001);
    await device.server.greet(1);
    await device.state('connected');
    const closed = device.client.close();
    await device.clock.advanceAsync(1_000);
    await closed;
    for (let turns = 0; turns < 100; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    const states = sockets.map((socket) => socket.readyState);
    device.server.setDeaf(0, false);
    expect(states).toEqual([WebSocket.CLOSED, WebSocket.CLOSED]);
  });

  it('keeps the time of a goaway when the node closes first', async () => {
    device.start();
    await device.server.greet(0);
    await device.state('connected');
    device.server.say(0, { type: 'goaway', reconnect_after_ms: 4_000 });
    device.server.hangUp(0, 1012);
    expect(Math.round(device.waitMs(await device.state('disconnected', 'node_stopping')))).toBe(4_000);
  });

  it('asks a silent server, and leaves it when there is no answer', async () => {
    device.start();
    await device.server.greet(0);
    await device.state('connected');
    // Noticed in ticks of half a heartbeat.
    await device.clock.advanceAsync(37_500);
    await device.server.frame(0, 'ping');
    device.server.say(0, { type: 'pong', time: '2026-11-23 01:02:03.000004' });
    device.server.say(0, { type: 'typing', conv_id: 5, user_id: 2, active: true });
    await new Promise<void>((resolve) => void device.client.on('typing', () => resolve()));
    await device.clock.advanceAsync(37_500);
    await device.server.frame(0, 'ping', 1);
    await device.clock.advanceAsync(9_999);
    expect(device.client.state.status).toBe('connected');
    await device.clock.advanceAsync(2);
    await device.state('disconnected', 'silent');
  });

  it('asks at once when the page shows again or the network is back, and does not wait out a backoff', async () => {
    device.start({ backoff: { baseMs: 60_000, maxMs: 60_000 } });
    await device.server.greet(0);
    await device.state('connected');
    device.environment.sign('visible');
    await device.server.frame(0, 'ping');
    await device.clock.advanceAsync(5_001);
    await device.state('disconnected', 'silent');
    device.environment.isOnline = false;
    device.environment.sign('offline');
    expect(device.client.state.status).toBe('disconnected');
    device.environment.isOnline = true;
    device.environment.sign('online');
    await device.server.greet(1);
    await device.state('connected');
  });

  it('says offline when the browser does, and tries all the same', async () => {
    device.environment.isOnline = false;
    device.start();
    await device.server.frame(0, 'hello');
    device.server.hangUp(0, 1011);
    const at = await device.state('disconnected', 'offline');
    await device.clock.advanceAsync(device.waitMs(at) + 1);
    await device.server.greet(1);
    await device.state('connected');
  });

  it('connects at once, and once, when it is told to by who hears of the end', async () => {
    device.start({ backoff: { baseMs: 20_000, maxMs: 20_000 } });
    await device.server.greet(0);
    await device.state('connected');
    device.client.on('state', (at) => {
      if (at.status === 'disconnected') device.client.reconnect();
    });
    device.server.hangUp(0, 4004);
    await device.server.greet(1);
    await device.state('connected');
    await device.clock.advanceAsync(20_001);
    expect(device.server.opened).toBe(2);
    expect(device.client.state.status).toBe('connected');
  });

  it('says so when there is no WebSocket, or the URL is none', async () => {
    device.start({ url: 'nonsense' });
    expect(await device.state('disconnected')).toMatchObject({ reason: 'refused', retryAtMs: null });
    await device.client.close();
    const { url } = device.server;
    device.client = new ChatClientImplementation({ url, userId: 1 }, device.environment);
    device.client.start();
    expect(await device.state('disconnected')).toMatchObject({ reason: 'refused', retryAtMs: null });
  });

  it('passes over what is no frame, and leaves a server that speaks no JSON', async () => {
    device.start();
    await device.server.greet(0);
    await device.state('connected');
    for (const text of ['null', '5', '[]', '"x"', '{}', '{"type":null}']) device.server.sayText(0, text);
    device.server.say(0, { type: 'typing', conv_id: 5, user_id: 2, active: true });
    await new Promise<void>((resolve) => void device.client.on('typing', () => resolve()));
    expect(device.client.state.status).toBe('connected');
    device.server.sayText(0, '<html>');
    await device.state('disconnected', 'lost');
    expect(device.environment.reported).toEqual([]);
  });

  it('gives up a server that does not welcome it', async () => {
    device.start();
    await device.server.frame(0, 'hello');
    await device.clock.advanceAsync(15_001);
    await device.state('disconnected', 'silent');
  });

  it('says goodbye, and settles everything that is asked of it', async () => {
    device.start();
    await device.server.greet(0);
    await device.state('connected');
    const asked = [
      device.client.loadConversations(),
      device.client.conversation(3).loadOlder(),
      device.client.openPersonal(4),
    ];
    const sent = device.client.send(3, 'hello');
    const closed = device.client.close();
    await device.clock.advanceAsync(1_000);
    await closed;
    await device.server.frame(0, 'bye');
    for (const promise of asked) await expect(promise).rejects.toMatchObject({ code: 'closed' });
    expect(await sent.settled).toMatchObject({ ok: false, error: { code: 'closed', temporary: true } });
    expect(device.client.send(3, 'later').status).toBe('failed');
    await expect(device.client.presence([2])).rejects.toMatchObject({ code: 'closed' });
    expect(device.client.state).toMatchObject({ status: 'disconnected', reason: 'closed' });
  });
});
