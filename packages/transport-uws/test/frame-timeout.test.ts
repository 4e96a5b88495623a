import { afterEach, describe, expect, it } from 'vitest';
import { clientFrame, until } from './harness.ts';
import { TransportRoom } from './transport-room.ts';

const room = new TransportRoom();
afterEach(() => room.end());

describe('time to a whole frame', () => {
  const limits = { idleTimeoutSeconds: 60, frameTimeoutMs: 30_000 };

  it('closes a socket that sends a frame byte by byte, though it is never idle', async () => {
    const node = await room.start({ limits });
    const one = room.raw(node.port);
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
    const node = await room.start({ limits });
    const { accepted, socket } = await room.client(node);
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
    const node = await room.start({ limits });
    const one = room.raw(node.port);
    await one.upgrade();
    await until('accepted', () => node.recorder.accepted.length === 1);
    node.clock.advance(60_000);
    await until('pinged', () => one.frames().some((frame) => frame.opcode === 9));
    expect(one.closed).toBe(false);
    node.clock.advance(40_000);
    await until('closed', () => one.closed);
  });
});
