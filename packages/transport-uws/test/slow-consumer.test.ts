import { afterEach, describe, expect, it } from 'vitest';
import { RawClient, type Running, startTransport, until } from './harness.ts';

let node: Running | null = null;
let slow: RawClient | null = null;

afterEach(() => {
  slow?.socket.destroy();
  node?.transport.close();
});

const FRAMES_PER_TURN = 50;
/** Nine characters, the filling and a header of four bytes. */
const BYTES_ON_THE_WIRE = 9 + 1_000 + 4;
const body = (n: number): string => `${String(n).padStart(8, '0')} ${'x'.repeat(1_000)}`;

describe('a client that stops reading', () => {
  it.each([
    ['strings', (text: string) => text],
    ['bytes', (text: string) => new TextEncoder().encode(text)],
  ])('G8: gets a contiguous prefix and is closed, never a hole (%s)', async (_name, encode) => {
    node = await startTransport({ limits: { maxBufferedBytes: 262_144 } });
    slow = new RawClient(node.port);
    await slow.upgrade();
    const accepted = await until('accepted', () => node?.recorder.accepted[0]);
    const { connection } = accepted;
    slow.socket.pause();
    let sent = 0;
    let most = 0;
    await until('closed as slow', () => {
      for (let i = 0; i < FRAMES_PER_TURN; i++) connection.send(encode(body(++sent)));
      most = Math.max(most, connection.bufferedBytes());
      return accepted.closes.length > 0;
    });
    expect(accepted.closes).toEqual([{ code: 1006, slow: true }]);
    // The bound, one turn's queue and one frame.
    expect(most).toBeLessThan(262_144 + 65_536 + 2_000);
    expect(most).toBeGreaterThan(100_000);
    expect(connection.bufferedBytes()).toBe(0);
    slow.socket.resume();
    const { received } = await until('end of stream', () => slow?.closed && slow);
    const numbers = slow.frames().map((frame) => Number(frame.payload.toString('latin1', 0, 8)));
    expect(numbers.length).toBeGreaterThan(100);
    expect(numbers.length).toBeLessThan(sent);
    expect(numbers).toEqual(numbers.map((_n, index) => index + 1));
    expect(received.length).toBeGreaterThan(0);
  });

  it('is told of every drain: pages that wait for it all arrive, however slowly they are read', async () => {
    node = await startTransport({ limits: { maxBufferedBytes: 1_048_576 } });
    slow = new RawClient(node.port);
    await slow.upgrade();
    const { recorder } = node;
    const accepted = await until('accepted', () => recorder.accepted[0]);
    const pages = 60;
    const rows = 200;
    let page = 0;
    let most = 0;
    const sendPage = (): void => {
      if (page === pages) return;
      page += 1;
      for (let i = 0; i < rows; i++) accepted.connection.send(body((page - 1) * rows + i + 1));
      most = Math.max(most, accepted.connection.bufferedBytes());
    };
    recorder.onDrain = () => {
      if (accepted.connection.bufferedBytes() === 0) sendPage();
    };
    slow.socket.pause();
    sendPage();
    // The kernel takes some pages, then none: from there on only the client's reading moves things.
    await until('stalled', () => accepted.connection.bufferedBytes() > 0 && page > 1);
    const client = slow;
    client.socket.resume();
    await until(
      'everything',
      () => client.received.length >= pages * rows * BYTES_ON_THE_WIRE && client.frames().length,
    );
    expect(client.frames().map((frame) => Number(frame.payload.toString('latin1', 0, 8)))).toEqual(
      Array.from({ length: pages * rows }, (_v, index) => index + 1),
    );
    expect(accepted.closes).toEqual([]);
    expect(most).toBeLessThan(400_000);
  });
});
