import { afterEach, describe, expect, it } from 'vitest';
import { clientFrame, until } from './harness.ts';
import { TransportRoom } from './transport-room.ts';

const room = new TransportRoom();
afterEach(() => room.end());

describe('frames', () => {
  it('carries text both ways, as strings and as bytes, with every character whole', async () => {
    const node = await room.start();
    node.recorder.onText = ({ connection }, text) => {
      connection.send(text);
      connection.send(new TextEncoder().encode(text));
    };
    const { socket, received, accepted } = await room.client(node);
    const texts = ['7', '', '\uFEFFmark', 'é 😀 漢', 'x'.repeat(90_000)];
    for (const text of texts) socket.send(text);
    await until('echoes', () => received.length === texts.length * 2);
    expect(accepted.texts).toEqual(texts);
    expect(received).toEqual(texts.flatMap((text) => [text, text]));
  });

  it('tells binary frames from text', async () => {
    const node = await room.start();
    const { socket, accepted } = await room.client(node);
    socket.send(Buffer.from([1, 2, 3]));
    await until('binary', () => accepted.binaries === 1);
    expect(accepted.texts).toEqual([]);
  });

  it('brings the payload of a ping back behind the frames before it, and keeps its own pings to itself', async () => {
    const node = await room.start();
    const { received, accepted } = await room.client(node);
    accepted.connection.send('before');
    accepted.connection.ping('');
    accepted.connection.ping('mark 1');
    await until('pong', () => accepted.pongs.length > 0);
    expect(received).toEqual(['before']);
    expect(accepted.pongs).toEqual(['mark 1']);
  });

  it('keeps the order of frames and pings of one turn', async () => {
    const node = await room.start();
    const one = room.raw(node.port);
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
    const node = await room.start();
    const [a, b] = [room.raw(node.port), room.raw(node.port)];
    await Promise.all([a.upgrade(), b.upgrade()]);
    await until('both accepted', () => node.recorder.accepted.length === 2);
    const chunks: string[] = [];
    a.socket.on('data', (chunk) => void chunks.push(chunk.toString('latin1')));
    for (let i = 0; i < 50; i++) for (const { connection } of node.recorder.accepted) connection.send(`frame ${i}`);
    await until('all frames', () => a.frames().length === 50 && b.frames().length === 50);
    expect(chunks).toHaveLength(1);
  });

  it('ends a connection whose frame is larger than the bound', async () => {
    const node = await room.start();
    const { socket, closes, accepted } = await room.client(node);
    socket.send('x'.repeat(100_001));
    await until('closed', () => closes.length === 1);
    expect(accepted.texts).toEqual([]);
    expect(accepted.closes).toEqual([{ code: 1006, slow: false }]);
  });

  it('ends a connection that sends text that is not UTF-8', async () => {
    const node = await room.start();
    const one = room.raw(node.port);
    await one.upgrade();
    one.write(clientFrame(new Uint8Array([0xff, 0xfe])));
    await until('closed', () => one.closed);
    expect(node.recorder.accepted[0]?.texts).toEqual([]);
  });
});
