import { afterEach, describe, expect, it } from 'vitest';
import { HANDSHAKE, requestText, until } from './harness.ts';
import { TransportRoom } from './transport-room.ts';

const room = new TransportRoom();
afterEach(() => room.end());

describe('the upgrade of a request', () => {
  it.each([
    ['wrong version', { ...HANDSHAKE, 'Sec-WebSocket-Version': '12' }, 426, 'bad_version'],
    ['Upgrade: h2c', { ...HANDSHAKE, Upgrade: 'h2c' }, 400, 'bad_upgrade'],
    ['short key', { ...HANDSHAKE, 'Sec-WebSocket-Key': 'abc' }, 400, 'bad_key'],
    ['foreign origin', { ...HANDSHAKE, Origin: 'https://evil.example' }, 403, 'bad_origin'],
    ['20 KB of headers', { ...HANDSHAKE, 'X-A': 'a'.repeat(20_000) }, 431, 'too_large'],
    ['plain HTTP', { Host: 'chat.example' }, 426, 'not_websocket'],
  ])('%s is refused', async (_name, headers, status, reason) => {
    const node = await room.start();
    const one = room.raw(node.port);
    one.request(headers);
    expect(await one.status()).toBe(status);
    await until('closed', () => one.closed);
    expect(node.recorder.refused).toEqual([reason]);
    expect(node.recorder.accepted).toEqual([]);
  });

  it('takes 12 KB of headers also when they come in pieces', async () => {
    const node = await room.start();
    const one = room.raw(node.port);
    const text = requestText({ ...HANDSHAKE, 'X-A': 'a'.repeat(12_000) });
    await one.written(text.slice(0, 6_000));
    // Another one is answered: the node has read what was there before.
    const other = room.raw(node.port);
    other.request(HANDSHAKE);
    expect(await other.status()).toBe(101);
    one.write(text.slice(6_000));
    expect(await one.status()).toBe(101);
  });

  it('refuses 70 KB of headers, which some builds of uWebSockets.js do by themselves', async () => {
    const node = await room.start();
    const one = room.raw(node.port);
    one.request({ ...HANDSHAKE, 'X-A': 'a'.repeat(70_000) });
    expect(await one.status()).toBe(431);
    await until('closed', () => one.closed);
    expect(node.recorder.accepted).toEqual([]);
  });

  it('does not believe a PROXY preamble', async () => {
    const node = await room.start();
    const one = room.raw(node.port);
    one.write(Buffer.from('0d0a0d0a000d0a515549540a2111000c0102030405060708000100 02'.replace(' ', ''), 'hex'));
    one.request(HANDSHAKE);
    expect(await one.status()).toBe(400);
    expect(node.recorder.refused).toEqual(['unexpected_proxy']);
  });

  it('says in words on GET / that it is a WebSocket endpoint', async () => {
    const node = await room.start();
    const response = await fetch(`http://127.0.0.1:${node.port}/`);
    expect([response.status, response.headers.get('upgrade')]).toEqual([426, 'websocket']);
    expect(await response.text()).toMatch(/WebSocket/);
  });

  it('does not negotiate compression', async () => {
    const node = await room.start();
    const one = room.raw(node.port);
    one.request({ ...HANDSHAKE, 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' });
    expect(await one.status()).toBe(101);
    expect(one.text.toLowerCase()).not.toContain('sec-websocket-extensions');
  });

  it('refuses one connection more than it may have, and takes one again when one has gone', async () => {
    const node = await room.start({ limits: { maxConnections: 2 } });
    const first = await room.client(node);
    await room.client(node);
    const third = room.raw(node.port);
    third.request(HANDSHAKE);
    expect(await third.status()).toBe(503);
    expect(third.text).toMatch(/Retry-After: 5/);
    first.socket.close();
    await until('room', () => node.transport.connections === 1);
    await room.client(node);
  });
});
