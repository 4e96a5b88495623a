import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { openChat } from './sample-client.mjs';

type Frame = Record<string, unknown>;

/** One connection, seen from the server: what the client sent, in order, taken one by one. */
class Peer {
  readonly #socket: WebSocket;
  readonly #frames: Frame[] = [];
  #wake: (() => void) | null = null;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      this.#frames.push(JSON.parse(data.toString()) as Frame);
      this.#wake?.();
    });
  }

  async next(): Promise<Frame> {
    while (this.#frames.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#frames.shift()!;
  }

  say(frame: Frame): void {
    this.#socket.send(JSON.stringify(frame));
  }

  welcome(epoch = 'e1'): void {
    this.say({ type: 'welcome', v: 2, minor: 0, epoch, heartbeat_ms: 60_000 });
  }

  end(code: number): void {
    this.#socket.close(code);
  }

  async ended(): Promise<void> {
    if (this.#socket.readyState !== WebSocket.CLOSED) await once(this.#socket, 'close');
  }
}

let server: WebSocketServer;
let chat: ReturnType<typeof openChat> | undefined;
let shown: Frame[];
const peers: Peer[] = [];
let arrived: (() => void) | null = null;

async function nextPeer(): Promise<Peer> {
  while (peers.length === 0) await new Promise<void>((resolve) => (arrived = resolve));
  return peers.shift()!;
}

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    peers.push(new Peer(socket));
    arrived?.();
  });
  shown = [];
  const { port } = server.address() as AddressInfo;
  const options = {
    url: `ws://127.0.0.1:${port}`,
    identity: { user_id: 7 },
    onFrame: (frame: Frame) => shown.push(frame),
  };
  chat = openChat({ ...options, WebSocket: WebSocket as unknown as typeof globalThis.WebSocket });
});

afterEach(async () => {
  chat?.close();
  for (const socket of server.clients) socket.terminate();
  server.close();
  await once(server, 'close');
  peers.length = 0;
});

const message = (seq: number, clientId = `b-${seq}`): Frame => ({
  type: 'personal',
  conv_id: 12,
  message_id: 100 + seq,
  seq,
  msg: `m${seq}`,
  client_id: clientId,
});
const seqs = () => shown.filter(({ type }) => type === 'personal').map(({ seq }) => seq);

test('the client of docs/protocol.md resumes where it was and shows each message once (G5)', async () => {
  const first = await nextPeer();
  expect(await first.next()).toEqual({ type: 'hello', v: 2, user_id: 7, cursors: {} });
  first.welcome();
  first.say(message(4));
  first.say({ type: 'synced', conv_id: 12, kind: 'personal', seq: 4, recovered: 1 });
  first.say({ type: 'synced', conv_id: 31, kind: 'group', seq: 9, recovered: 0 });
  first.say({ type: 'sync_complete', conversations: 2 });
  first.say(message(4));
  first.say(message(5));
  expect(await first.next()).toEqual({ type: 'delivered', conv_id: 12, seq: 4 });
  expect(await first.next()).toEqual({ type: 'delivered', conv_id: 12, seq: 5 });
  first.say({ type: 'goaway', reconnect_after_ms: 1 });
  first.end(1012);

  const second = await nextPeer();
  expect(await second.next()).toEqual({ type: 'hello', v: 2, user_id: 7, cursors: { 12: 5, 31: 9 }, epoch: 'e1' });
  second.welcome('e2');
  second.say({ type: 'reset', conv_id: 12, kind: 'personal', seq: 2, reason: 'epoch' });
  second.say(message(3));
  expect(await second.next()).toEqual({ type: 'delivered', conv_id: 12, seq: 3 });
  expect(seqs()).toEqual([4, 5, 3]);
});

test('a send without an answer is sent again with the same client id, and its echo is not shown (G3)', async () => {
  const first = await nextPeer();
  await first.next();
  first.welcome();
  first.say({ type: 'sync_complete', conversations: 0 });
  const stored = chat!.send('personal', 12, 'stored');
  const lost = chat!.send('personal', 12, 'lost');
  const ack = (id: string, seq: number): Frame => ({
    type: 'ack',
    ref: id,
    conv_id: 12,
    message_id: 100 + seq,
    seq,
    client_id: id,
  });
  expect(await first.next()).toMatchObject({ client_id: stored });
  first.say(ack(stored, 1));
  expect(await first.next()).toMatchObject({ client_id: lost });
  first.say({ type: 'goaway', reconnect_after_ms: 1 });
  first.end(1012);

  const second = await nextPeer();
  await second.next();
  second.welcome();
  second.say(message(1, stored));
  second.say({ type: 'sync_complete', conversations: 1 });
  expect(await second.next()).toEqual({ type: 'delivered', conv_id: 12, seq: 1 });
  expect(await second.next()).toEqual({ type: 'personal', conv_id: 12, msg: 'lost', client_id: lost, ref: lost });
  expect(seqs()).toEqual([]);
});

test('of the sends into one conversation one at a time is under way, so that a refusal does not let the next one overtake', async () => {
  const peer = await nextPeer();
  await peer.next();
  peer.welcome();
  // Not while what was missed is on its way.
  const [one, two, other] = [
    chat!.send('personal', 12, 'one'),
    chat!.send('personal', 12, 'two'),
    chat!.send('group', 31, 'x'),
  ];
  chat!.request({ type: 'ping' });
  expect(await peer.next()).toEqual({ type: 'ping' });
  peer.say({ type: 'sync_complete', conversations: 0 });
  expect([(await peer.next()).client_id, (await peer.next()).client_id]).toEqual([one, other]);
  peer.say({ type: 'error', code: 4001, name: 'overloaded', temporary: true, retry_after_ms: 1, ref: one });
  expect(await peer.next()).toMatchObject({ client_id: one });
  peer.say({ type: 'ack', ref: one, conv_id: 12, message_id: 1, seq: 1, client_id: one });
  expect(await peer.next()).toMatchObject({ client_id: two });
});

test('cursors go with the epoch of their own store until the new one has said which of them mean nothing', async () => {
  const first = await nextPeer();
  await first.next();
  first.welcome('old');
  first.say({ type: 'synced', conv_id: 12, kind: 'personal', seq: 9, recovered: 0 });
  first.say({ type: 'sync_complete', conversations: 1 });
  first.say({ type: 'goaway', reconnect_after_ms: 1 });
  first.end(1012);
  const second = await nextPeer();
  expect(await second.next()).toMatchObject({ cursors: { 12: 9 }, epoch: 'old' });
  second.welcome('new');
  second.say({ type: 'goaway', reconnect_after_ms: 1 });
  second.end(1012);
  const third = await nextPeer();
  expect(await third.next()).toMatchObject({ cursors: { 12: 9 }, epoch: 'old' });
  third.welcome('new');
  third.say({ type: 'reset', conv_id: 12, kind: 'personal', seq: 2, reason: 'epoch' });
  third.say({ type: 'sync_complete', conversations: 1 });
  third.say({ type: 'goaway', reconnect_after_ms: 1 });
  third.end(1012);
  expect(await (await nextPeer()).next()).toMatchObject({ cursors: { 12: 2 }, epoch: 'new' });
});

test('a temporary error is tried again, another one is not', async () => {
  const peer = await nextPeer();
  await peer.next();
  peer.welcome();
  peer.say({ type: 'sync_complete', conversations: 0 });
  const retried = chat!.send('personal', 12, 'later');
  const refused = chat!.send('personal', 99, 'never');
  const taken = [await peer.next(), await peer.next()];
  while (!taken.some(({ client_id }) => client_id === refused)) taken.push(await peer.next());
  peer.say({ type: 'error', code: 3001, name: 'not_a_member', temporary: false, ref: refused });
  peer.say({ type: 'error', code: 4001, name: 'overloaded', temporary: true, retry_after_ms: 1, ref: retried });
  let again = await peer.next();
  while (again.client_id !== retried) again = await peer.next();
  expect(again).toMatchObject({ msg: 'later', client_id: retried });
  peer.say({ type: 'goaway', reconnect_after_ms: 1 });
  peer.end(1012);

  const next = await nextPeer();
  await next.next();
  next.welcome();
  next.say({ type: 'sync_complete', conversations: 0 });
  expect(await next.next()).toMatchObject({ client_id: retried });
  chat!.close();
  expect(await next.next()).toEqual({ type: 'bye' });
});

test('it stays away after a code from 4500 on, and after close()', async () => {
  const peer = await nextPeer();
  await peer.next();
  peer.end(4501);
  await peer.ended();
  await expect.poll(() => shown.at(-1)).toEqual({ type: 'closed', code: 4501 });
  chat!.close();
  expect(shown.at(-1)).toEqual({ type: 'closed', code: 1000 });
  expect(peers).toEqual([]);
});
