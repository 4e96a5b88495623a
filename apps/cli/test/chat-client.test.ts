import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { ChatApp } from '../src/chat/chat-app.ts';
import { ChatClient, type ChatOptions } from '../src/chat/chat-client.ts';
import type { ChatEvent } from '../src/chat/events.ts';
import { realClock } from '../src/real-clock.ts';

/** A server end under the test's control: each accepted socket and each frame is awaited by name. */
class Peer {
  readonly #http: Server;
  readonly #wss = new WebSocketServer({ noServer: true });
  readonly #frames: string[] = [];
  readonly #wake = new Set<() => void>();
  readonly sockets: WebSocket[] = [];
  refuse: string | null = null;

  constructor() {
    this.#http = createServer();
    this.#http.on('upgrade', (request, socket, head) => {
      if (this.refuse !== null) {
        socket.end(`HTTP/1.1 ${this.refuse}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
        return;
      }
      this.#wss.handleUpgrade(request, socket, head, (ws) => {
        this.sockets.push(ws);
        ws.on('message', (data) => {
          this.#frames.push(data.toString());
          for (const wake of this.#wake) wake();
        });
      });
    });
  }

  async listen(): Promise<string> {
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  get last(): WebSocket {
    return this.sockets.at(-1)!;
  }

  /** The next frame, from whatever connection. */
  async frame(): Promise<string> {
    while (this.#frames.length === 0) await new Promise<void>((resolve) => this.#wake.add(resolve));
    return this.#frames.shift()!;
  }

  async signIn(): Promise<void> {
    const first = await this.frame();
    this.last.send(`user id ${first} received`);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    this.#http.close();
    await once(this.#http, 'close');
  }
}

let peer: Peer;
let url: string;
let client: ChatClient;
let app: ChatApp;
let events: ChatEvent[];
let wake: Set<() => void>;

async function event<E extends ChatEvent['event']>(name: E, nth = 1): Promise<Extract<ChatEvent, { event: E }>> {
  for (;;) {
    const found = events.filter((one) => one.event === name)[nth - 1];
    if (found !== undefined) return found as Extract<ChatEvent, { event: E }>;
    await new Promise<void>((resolve) => wake.add(resolve));
  }
}

function start(options: Partial<ChatOptions> = {}): void {
  const show = (one: ChatEvent): void => {
    events.push(one);
    for (const go of wake) go();
  };
  client = new ChatClient({
    url,
    firstFrame: '7',
    reconnect: true,
    autoSeen: true,
    clock: realClock,
    random: () => 0,
    show,
    ...options,
  });
  app = new ChatApp(client, show);
  client.start();
}

async function openConversation(): Promise<void> {
  const opened = app.input('/open 8');
  expect(JSON.parse(await peer.frame())).toEqual({ type: 'init_personal', conv_id: 1, member: [7, 8] });
  peer.last.send('{"local_conv_id":1,"db_conv_id":40,"type":"personal"}');
  await opened;
}

const message = (id: number): string =>
  `{"conv_id":40,"message_id":${id},"msg":"m${id}","sender":"Ann","timestamp":"2020-08-25 11:53:30.923631","type":"personal"}`;

beforeEach(async () => {
  peer = new Peer();
  url = await peer.listen();
  events = [];
  wake = new Set();
});

afterEach(async () => {
  client.stop();
  await peer.close();
});

describe('chat client', () => {
  it('signs in, opens a conversation, sends and shows the acknowledged id (L1, L2, L3)', async () => {
    start();
    await peer.signIn();
    await openConversation();
    await app.input('hi');
    expect(JSON.parse(await peer.frame())).toEqual({ msg: 'hi', conv_id: 40, type: 'personal' });
    peer.last.send('{"message_id":5}');
    expect(await event('sent')).toMatchObject({ message_id: 5, body: 'hi' });
    await app.input('/quit');
    expect(await client.finished).toBe(0);
  });

  it('shows what arrives once, also when the node repeats it after a reconnect, and says seen for it (L4, L7)', async () => {
    start();
    await peer.signIn();
    peer.last.send(message(74));
    peer.last.send(message(75));
    expect(JSON.parse(await peer.frame())).toEqual({ message_id: [74, 75], type: 'seen' });
    peer.last.close(4002);
    await event('down');
    await peer.signIn();
    // Nobody knows whether the node took the first: it is said again.
    expect(JSON.parse(await peer.frame())).toEqual({ message_id: [74, 75], type: 'seen' });
    peer.last.send(message(75));
    peer.last.send(message(76));
    await event('message', 3);
    const shown = events.filter((one) => one.event === 'message').map((one) => one.message_id);
    expect(shown).toEqual([74, 75, 76]);
  });

  it('marks nothing as seen on its own with --manual-seen', async () => {
    start({ autoSeen: false });
    await peer.signIn();
    peer.last.send(message(74));
    await event('message');
    await openConversation();
    await app.input('/seen');
    expect(JSON.parse(await peer.frame())).toEqual({ message_id: [74], type: 'seen' });
  });

  it('reconnects after 1012 and sends what was waiting; what was under way is unconfirmed and can be retried', async () => {
    start();
    await peer.signIn();
    await openConversation();
    await app.input('first');
    await app.input('second');
    expect(JSON.parse(await peer.frame()).msg).toBe('first');
    peer.last.close(1012, 'node is restarting');
    expect((await event('down')).why).toContain('1012');
    expect((await event('unconfirmed')).body).toBe('first');
    await peer.signIn();
    expect(JSON.parse(await peer.frame()).msg).toBe('second');
    peer.last.send('{"message_id":6}');
    expect((await event('sent')).body).toBe('second');
    await app.input('/retry');
    expect(JSON.parse(await peer.frame())).toMatchObject({ msg: 'first', conv_id: 40 });
  });

  it('comes back after a broken connection without a close frame', async () => {
    start();
    await peer.signIn();
    await event('up');
    peer.last.terminate();
    await peer.signIn();
    expect(await event('up', 2)).toMatchObject({ user_id: 7 });
  });

  it('ends with exit code 1 and the reason when the sign-in is refused (4501)', async () => {
    start();
    await peer.frame();
    peer.last.send(
      '{"type":"error","code":2003,"name":"token_expired","message":"Get a new token.","temporary":false}',
    );
    peer.last.close(4501, 'sign-in refused');
    expect(await client.finished).toBe(1);
    expect((await event('end')).why).toBe('Get a new token. (token_expired)');
    expect(peer.sockets.length).toBe(1);
  });

  it('ends when the server refuses the upgrade for good, and tries again when it is only overloaded', async () => {
    peer.refuse = '503 Service Unavailable';
    start();
    expect((await event('down')).why).toContain('HTTP 503');
    peer.refuse = '403 Forbidden';
    expect((await event('end')).why).toContain('HTTP 403');
    expect(await client.finished).toBe(1);
  });

  it('says how to start a node when nothing listens, and ends at once with --no-reconnect', async () => {
    url = 'ws://127.0.0.1:9';
    start({ reconnect: false });
    expect((await event('end')).why).toMatch(/npm start/);
    expect(await client.finished).toBe(1);
  });

  it('never sends a line to the conversation that was open before one that could not be opened', async () => {
    start();
    await peer.signIn();
    await openConversation();
    const opened = app.input('/open 9');
    await peer.frame();
    peer.last.send(
      '{"type":"error","code":3003,"name":"unknown_member","message":"Name only known users.","temporary":false}',
    );
    await opened;
    await app.input('for user 9 only');
    const problems = events.filter((one) => one.event === 'problem').map((one) => one.message);
    expect(problems).toEqual([
      'Could not open user 9: Name only known users.',
      expect.stringContaining('No conversation is open'),
    ]);
    await app.input('/quit');
    expect(await client.finished).toBe(1);
  });

  it('refuses a message over the size limit before it costs the connection (L15)', async () => {
    start();
    await peer.signIn();
    await openConversation();
    await app.input('é'.repeat(32_768));
    expect((await event('not_sent')).why).toContain('65536 bytes');
  });
});
