import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ListenError, type UwsTransportOptions } from '../src/index.ts';
import { clientFrame, HANDSHAKE, RawClient, type Running, startTransport, until } from './harness.ts';

const running: Running[] = [];
const sockets: { terminate(): void }[] = [];

async function start(options: Partial<UwsTransportOptions> = {}): Promise<Running> {
  const node = await startTransport(options);
  running.push(node);
  return node;
}

function raw(port: number): RawClient {
  const client = new RawClient(port);
  sockets.push({ terminate: () => client.socket.destroy() });
  return client;
}

/** A `ws` client with what it received. */
async function client(node: Running, options: Record<string, unknown> = {}) {
  const socket = new WebSocket(node.url, options);
  sockets.push(socket);
  const received: string[] = [];
  const closes: number[] = [];
  socket.on('message', (data: Buffer) => void received.push(data.toString()));
  socket.on('close', (code) => void closes.push(code));
  socket.on('error', () => {});
  const index = node.recorder.accepted.length;
  await until('open', () => socket.readyState === WebSocket.OPEN);
  const accepted = await until('accepted', () => node.recorder.accepted[index]);
  return { socket, received, closes, accepted };
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  for (const node of running.splice(0)) {
    node.transport.close();
    const { accepted } = node.recorder;
    await until('every connection closed', () => accepted.every((one) => one.closes.length > 0));
    expect(node.transport.connections).toBe(0);
    expect(accepted.map((one) => one.closes.length)).toEqual(accepted.map(() => 1));
    expect(node.clock.pendingTimers).toBe(0);
  }
});

describe('frames', () => {
  it('carries text both ways, as strings and as bytes, with every character whole', async () => {
    const node = await start();
    node.recorder.onText = ({ connection }, text) => {
      connection.send(text);
      connection.send(new TextEncoder().encode(text));
    };
    const { socket, received, accepted } = await client(node);
    const texts = ['7', '', '\uFEFFmark', 'é 😀 漢', 'x'.repeat(90_000)];
    for (const text of texts) socket.send(text);
    await until('echoes', () => received.length === texts.length * 2);
    expect(accepted.texts).toEqual(texts);
    expect(received).toEqual(texts.flatMap((text) => [text, text]));
  });

  it('tells binary frames from text', async () => {
    const node = await start();
    const { socket, accepted } = await client(node);
    socket.send(Buffer.from([1, 2, 3]));
    await until('binary', () => accepted.binaries === 1);
    expect(accepted.texts).toEqual([]);
  });

  it('brings the payload of a ping back behind the frames before it, and keeps its own pings to itself', async () => {
    const node = await start();
    const { received, accepted } = await client(node);
    accepted.connection.send('before');
    accepted.connection.ping('');
    accepted.connection.ping('mark 1');
    await until('pong', () => accepted.pongs.length > 0);
    expect(received).toEqual(['before']);
    expect(accepted.pongs).toEqual(['mark 1']);
  });

  it('keeps the order of frames and pings of one turn', async () => {
    const node = await start();
    const one = raw(node.port);
    await one.upgrade();
    const { connection } = await until('accepted', () => node.recorder.accepted[0]);
    for (let i = 0; i < 5; i++) {
      connection.send(`m${i}`);
      connection.ping(`p${i}`);
    }
    await until('ten frames', () => one.frames().length === 10);
    expect(one.frames().map((frame) => frame.payload.toString())).toEqual(
      [0, 1, 2, 3, 4].flatMap((i) => [`m${i}`, `p${i}`]),
    );
  });

  it('writes what one turn queues for a socket at once, whatever order sockets are written in', async () => {
    const node = await start();
    const [a, b] = [raw(node.port), raw(node.port)];
    await Promise.all([a.upgrade(), b.upgrade()]);
    await until('both accepted', () => node.recorder.accepted.length === 2);
    const chunks: string[] = [];
    a.socket.on('data', (chunk) => void chunks.push(chunk.toString('latin1')));
    for (let i = 0; i < 50; i++) for (const { connection } of node.recorder.accepted) connection.send(`frame ${i}`);
    await until('all frames', () => a.frames().length === 50 && b.frames().length === 50);
    expect(chunks).toHaveLength(1);
  });

  it('ends a connection whose frame is larger than the bound', async () => {
    const node = await start();
    const { socket, closes, accepted } = await client(node);
    socket.send('x'.repeat(100_001));
    await until('closed', () => closes.length === 1);
    expect(accepted.texts).toEqual([]);
    expect(accepted.closes).toEqual([{ code: 1006, slow: false }]);
  });

  it('ends a connection that sends text that is not UTF-8', async () => {
    const node = await start();
    const one = raw(node.port);
    await one.upgrade();
    one.write(clientFrame(new Uint8Array([0xff, 0xfe])));
    await until('closed', () => one.closed);
    expect(node.recorder.accepted[0]?.texts).toEqual([]);
  });
});

describe('closing', () => {
  it('sends what was queued, then the close code and reason; afterwards nothing throws and nothing arrives', async () => {
    const node = await start();
    const { socket, received, accepted } = await client(node);
    const closed: [number, string][] = [];
    socket.on('close', (code, reason) => void closed.push([code, reason.toString()]));
    const { connection } = accepted;
    connection.send('last words');
    connection.close(1012, 'node is restarting');
    expect(accepted.closes).toEqual([]);
    connection.send('too late');
    connection.ping('too late');
    connection.close(4004, 'again');
    expect(connection.bufferedBytes()).toBe(0);
    await until('closed on both sides', () => closed.length === 1 && accepted.closes.length === 1);
    expect(received).toEqual(['last words']);
    expect(closed).toEqual([[1012, 'node is restarting']]);
    expect(accepted.closes).toEqual([{ code: 1012, slow: false }]);
    connection.send('dead');
    connection.ping('dead');
    connection.close(4004, 'dead');
    expect(connection.bufferedBytes()).toBe(0);
  });

  it('reports the code of a client that leaves, and 1006 of one that just goes', async () => {
    const node = await start();
    const polite = await client(node);
    polite.socket.close(4242, 'bye');
    await until('closed', () => polite.accepted.closes.length === 1);
    const rude = await client(node);
    rude.socket.terminate();
    await until('closed', () => rude.accepted.closes.length === 1);
    expect([polite.accepted.closes, rude.accepted.closes]).toEqual([
      [{ code: 4242, slow: false }],
      [{ code: 1006, slow: false }],
    ]);
  });

  it('may be closed by the engine while it accepts', async () => {
    const node = await start();
    node.recorder.onAccept = ({ connection }) => connection.close(4001, 'no');
    const socket = new WebSocket(node.url);
    sockets.push(socket);
    const closes: number[] = [];
    socket.on('close', (code) => void closes.push(code));
    await until('closed', () => closes.length === 1);
    expect(closes).toEqual([4001]);
    expect(node.recorder.accepted.map((accepted) => accepted.closes)).toEqual([[{ code: 4001, slow: false }]]);
  });

  it('costs one connection and not the node when the engine throws', async () => {
    const node = await start();
    node.recorder.onText = (_accepted, text) => {
      if (text === 'bad') throw new Error('bug');
    };
    const [victim, other] = [await client(node), await client(node)];
    victim.socket.send('bad');
    await until('closed', () => victim.closes.length === 1);
    expect(victim.closes).toEqual([1011]);
    other.socket.send('good');
    await until('other lives', () => other.accepted.texts.length === 1);
    expect(node.recorder.logged.filter((line) => line.level === 'error')).toHaveLength(1);
  });
});

describe('handshake', () => {
  it.each([
    ['wrong version', { ...HANDSHAKE, 'Sec-WebSocket-Version': '12' }, 426, 'bad_version'],
    ['Upgrade: h2c', { ...HANDSHAKE, Upgrade: 'h2c' }, 400, 'bad_upgrade'],
    ['short key', { ...HANDSHAKE, 'Sec-WebSocket-Key': 'abc' }, 400, 'bad_key'],
    ['foreign origin', { ...HANDSHAKE, Origin: 'https://evil.example' }, 403, 'bad_origin'],
    ['70 KB of headers', { ...HANDSHAKE, 'X-A': 'a'.repeat(70_000) }, 431, 'too_large'],
    ['plain HTTP', { Host: 'chat.example' }, 426, 'not_websocket'],
  ])('%s is refused', async (_name, headers, status, reason) => {
    const node = await start();
    const one = raw(node.port);
    one.request(headers);
    expect(await one.status()).toBe(status);
    await until('closed', () => one.closed);
    expect(node.recorder.refused).toEqual([reason]);
    expect(node.recorder.accepted).toEqual([]);
  });

  it('does not believe a PROXY preamble', async () => {
    const node = await start();
    const one = raw(node.port);
    one.write(Buffer.from('0d0a0d0a000d0a515549540a2111000c0102030405060708000100 02'.replace(' ', ''), 'hex'));
    one.request(HANDSHAKE);
    expect(await one.status()).toBe(400);
    expect(node.recorder.refused).toEqual(['unexpected_proxy']);
  });

  it('says in words on GET / that it is a WebSocket endpoint', async () => {
    const node = await start();
    const response = await fetch(`http://127.0.0.1:${node.port}/`);
    expect([response.status, response.headers.get('upgrade')]).toEqual([426, 'websocket']);
    expect(await response.text()).toMatch(/WebSocket/);
  });

  it('does not negotiate compression', async () => {
    const node = await start();
    const one = raw(node.port);
    one.request({ ...HANDSHAKE, 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' });
    expect(await one.status()).toBe(101);
    expect(one.text.toLowerCase()).not.toContain('sec-websocket-extensions');
  });

  it('refuses one connection more than it may have, and takes one again when one has gone', async () => {
    const node = await start({ limits: { maxConnections: 2 } });
    const first = await client(node);
    await client(node);
    const third = raw(node.port);
    third.request(HANDSHAKE);
    expect(await third.status()).toBe(503);
    expect(third.text).toMatch(/Retry-After: 5/);
    first.socket.close();
    await until('room', () => node.transport.connections === 1);
    await client(node);
  });
});

describe('listening', () => {
  it('says that a port is in use', async () => {
    const node = await start();
    const error = await startTransport({ port: node.port }).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ListenError);
    expect((error as ListenError).code).toBe('EADDRINUSE');
    expect((error as ListenError).message).toContain(String(node.port));
  });

  it('says that an address is not of this machine', async () => {
    await expect(startTransport({ host: '192.0.2.1' })).rejects.toThrow(/not an address of this machine/);
  });

  it('G10: takes nobody new once it has stopped listening, and keeps those it has', async () => {
    const node = await start();
    const { socket, accepted } = await client(node);
    const waiting = raw(node.port);
    await until('connected', () => !waiting.socket.connecting && waiting.socket.writable);
    // Part of a request proves that the server has the socket before the listen socket goes.
    waiting.write('GET / HTTP/1.1\r\n');
    await client(node);
    node.transport.stopListening();
    node.transport.stopListening();
    const late = raw(node.port);
    await until('refused', () => late.closed);
    const lines = Object.entries(HANDSHAKE).map(([name, value]) => `${name}: ${value}\r\n`);
    waiting.write(`${lines.join('')}\r\n`);
    expect(await waiting.status()).toBe(503);
    socket.send('still here');
    await until('frame', () => accepted.texts.length === 1);
  });

  it('can listen on the same port again right after it was closed with clients on it', async () => {
    const free = await start();
    free.transport.close();
    const node = await start({ port: free.port });
    await client(node);
    node.transport.close();
    const again = await start({ port: free.port });
    await client(again);
  });
});

describe('time to a whole frame', () => {
  const limits = { idleTimeoutSeconds: 60, frameTimeoutMs: 30_000 };

  it('closes a socket that sends a frame byte by byte, though it is never idle', async () => {
    const node = await start({ limits });
    const one = raw(node.port);
    await one.upgrade();
    const frame = clientFrame('x'.repeat(100));
    for (let second = 0; second <= 100 && !one.closed; second += 5) {
      const byte = second / 5;
      one.write(frame.subarray(byte, byte + 1));
      await new Promise<void>((resolve) => setImmediate(resolve));
      node.clock.advance(5_000);
    }
    await until('closed', () => one.closed);
    expect(node.recorder.accepted[0]?.texts).toEqual([]);
    await until('onClose', () => node.recorder.accepted[0]?.closes.length === 1);
    // It was asked for a sign of life before: an unanswered ping.
    expect(one.frames().filter((frame) => frame.opcode === 9)).toHaveLength(1);
  });

  it('keeps a silent client that answers pings', async () => {
    const node = await start({ limits });
    const { accepted, socket } = await client(node);
    let pings = 0;
    socket.on('ping', () => {
      pings += 1;
    });
    for (let round = 1; round <= 5; round++) {
      node.clock.advance(60_000);
      await until('ping', () => pings === round);
      // A ping of our own, with a payload, comes back behind the pong to the sweep's.
      accepted.connection.ping(`round ${round}`);
      await until('pong', () => accepted.pongs.length === round);
      pings = round;
    }
    socket.send('alive');
    await until('frame', () => accepted.texts.length === 1);
  });

  it('closes the silent socket that answers nothing', async () => {
    const node = await start({ limits });
    const one = raw(node.port);
    await one.upgrade();
    await until('accepted', () => node.recorder.accepted.length === 1);
    node.clock.advance(60_000);
    await until('pinged', () => one.frames().some((frame) => frame.opcode === 9));
    expect(one.closed).toBe(false);
    node.clock.advance(40_000);
    await until('closed', () => one.closed);
  });
});
