import { afterEach, describe, expect, it } from 'vitest';
import { clientFrame, RawClient, type Running, startTransport, until } from './harness.ts';

let node: Running | null = null;
let client: RawClient | null = null;

afterEach(() => {
  client?.socket.destroy();
  node?.transport.close();
});

const BODY = 'x'.repeat(60_000);
const CLOSE = 8;

describe('the end of a transport', () => {
  it('G10: a client that is still reading, and still sending, gets everything up to its close frame', async () => {
    node = await startTransport();
    const { transport, recorder, clock } = node;
    client = new RawClient(node.port);
    await client.upgrade();
    const { connection } = await until('accepted', () => recorder.accepted[0]);
    client.socket.pause();
    let sent = 0;
    await until('the kernel to be full', () => {
      connection.send(BODY);
      sent += 1;
      return connection.bufferedBytes() > 100_000;
    });
    connection.close(1012, 'node is restarting');
    // What a socket that is gone answers with a reset.
    client.write(clientFrame('one more'));

    let over = false;
    const ended = transport.linger().then(() => {
      over = true;
      transport.close();
    });
    clock.advance(999);
    await until('a turn', () => true);
    expect(over).toBe(false);
    client.socket.resume();
    const { frames } = await until('the close frame', () => {
      const all = client?.frames() ?? [];
      return all.at(-1)?.opcode === CLOSE && { frames: all };
    });
    expect(frames.length).toBe(sent + 1);
    expect(frames.at(-1)?.payload.readUInt16BE(0)).toBe(1012);
    clock.advance(1);
    await ended;
  });

  it('waits for nobody when there was no goodbye', async () => {
    node = await startTransport();
    client = new RawClient(node.port);
    await client.upgrade();
    await node.transport.linger();
    client.socket.destroy();
    const accepted = await until('accepted', () => node?.recorder.accepted[0]);
    await until('the end of the connection', () => accepted.closes.length > 0);
    await node.transport.linger();
  });
});
