import { afterEach, describe, expect, it } from 'vitest';
import { ListenError } from '../src/index.ts';
import { HANDSHAKE, startTransport, until } from './harness.ts';
import { TransportRoom } from './transport-room.ts';

const room = new TransportRoom();
afterEach(() => room.end());

describe('listening', () => {
  it('says that a port is in use', async () => {
    const node = await room.start();
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
    const node = await room.start();
    const { socket, accepted } = await room.client(node);
    const waiting = room.raw(node.port);
    await until('connected', () => !waiting.socket.connecting && waiting.socket.writable);
    // Part of a request proves that the server has the socket before the listen socket goes.
    waiting.write('GET / HTTP/1.1\r\n');
    await room.client(node);
    node.transport.stopListening();
    node.transport.stopListening();
    const late = room.raw(node.port);
    await until('refused', () => late.closed);
    const lines = Object.entries(HANDSHAKE).map(([name, value]) => `${name}: ${value}\r\n`);
    waiting.write(`${lines.join('')}\r\n`);
    expect(await waiting.status()).toBe(503);
    socket.send('still here');
    await until('frame', () => accepted.texts.length === 1);
  });

  it('can listen on the same port again right after it was closed with clients on it', async () => {
    const free = await room.start();
    free.transport.close();
    const node = await room.start({ port: free.port });
    await room.client(node);
    node.transport.close();
    const again = await room.start({ port: free.port });
    await room.client(again);
  });
});
