import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '@parley/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig, type RunningEdge, startEdge } from '../src/index.ts';
import { ChatClient } from './chat-client.ts';

const logged: { level: string; fields: object; message: string }[] = [];
const line =
  (level: string) =>
  (fields: object, message: string): void =>
    void logged.push({ level, fields, message });
const log: Log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };

const JWT = { PARLEY_AUTH: 'jwt', PARLEY_JWT_SECRET: 'a secret of at least thirty-two bytes', HOST: '127.0.0.1' };

function token(claims: object): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const payload = { exp: Math.floor(Date.now() / 1000) + 60, ...claims };
  const signed = `${encode({ alg: 'HS256' })}.${encode(payload)}`;
  return `${signed}.${createHmac('sha256', JWT.PARLEY_JWT_SECRET).update(signed).digest('base64url')}`;
}

let folder: string;
const edges: RunningEdge[] = [];
const clients: ChatClient[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-edge-'));
  logged.length = 0;
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const edge of edges.splice(0)) await edge.stop();
  rmSync(folder, { recursive: true });
  expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
});

async function start(env: Record<string, string> = {}): Promise<RunningEdge> {
  const edge = await startEdge(
    loadConfig({ PORT: '0', PARLEY_ADMIN_PORT: '0', PARLEY_DATA_DIR: folder, PARLEY_DRAIN_MS: '2000', ...env }),
    log,
  );
  edges.push(edge);
  return edge;
}

async function client(edge: RunningEdge, firstFrame: string | number): Promise<ChatClient> {
  const one = await ChatClient.signIn(edge.url, firstFrame);
  clients.push(one);
  return one;
}

describe('an embedded node', () => {
  it('L1-L4, G1, G4: carries a message, and still has it after a restart', async () => {
    const first = await start();
    const [seven, eight] = [await client(first, 7), await client(first, 8)];
    const conversation = await seven.openPersonal(7, 8);
    seven.send({ msg: 'now', conv_id: conversation, type: 'personal' });
    const ack = await seven.untilJson((frame) => 'message_id' in frame && !('msg' in frame));
    const got = await eight.untilJson((frame) => frame.msg === 'now');
    expect(got).toEqual({
      conv_id: conversation,
      message_id: ack.message_id,
      msg: 'now',
      sender: 'User 7',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/),
      type: 'personal',
    });
    eight.close();
    await expect.poll(async () => (await status(first)).users).toBe(1);
    seven.send({ msg: 'later', conv_id: conversation, type: 'personal' });
    await expect.poll(() => seven.received.filter((text) => text.startsWith('{"message_id"')).length).toBe(2);
    await first.stop();
    expect(await seven.untilClosed()).toEqual({ code: 1012, reason: 'node is restarting' });

    const second = await start();
    const again = await client(second, 8);
    expect(await again.untilJson((frame) => frame.msg === 'later')).toMatchObject({ conv_id: conversation });
    // Its handshake of the last time proved that it had the first one.
    expect(again.received.filter((text) => text.includes('"now"'))).toEqual([]);
  });

  it('tells operators that it is ready, what it is, and what it counts', async () => {
    const edge = await start();
    await client(edge, 7);
    const ready = await fetch(`${edge.adminUrl}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      ready: true,
      phase: 'serving',
      reasons: [],
      degraded: [],
      status: { connections: 1, signedIn: 1, users: 1, busUp: true },
    });
    const metrics = await (await fetch(`${edge.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(/^parley_connections 1$/m);
    expect(metrics).toMatch(/^parley_sign_ins_total\{protocol="legacy"\} 1$/m);
    expect(metrics).toMatch(/^parley_info\{version="[\d.]+",store="sqlite",bus="in_process"\} 1$/m);
  });

  it('says so, loudly, when its sign-in proves nothing', async () => {
    await start();
    expect(logged).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringMatching(/development sign-in/) }),
    );
  });

  it('L17: asks for a token when told to, and signs in who has one', async () => {
    const edge = await start(JWT);
    const good = await client(edge, token({ sub: '7', name: 'Dakola Timmy' }));
    expect(good.received).toEqual(['user id 7 received']);

    const bare = new ChatClient(edge.url);
    clients.push(bare);
    await new Promise((resolve) => bare.socket.once('open', resolve));
    bare.socket.send('7');
    expect(await bare.untilJson((frame) => frame.type === 'error')).toMatchObject({ name: 'invalid_token' });
    expect((await bare.untilClosed()).code).toBe(4501);
  });

  it('L13: creates members that are unknown in development, and refuses them where sign-in means something', async () => {
    const open = await start();
    const seven = await client(open, 7);
    expect(await seven.openPersonal(7, 98)).toBeGreaterThan(0);
    await open.stop();

    const strict = await start(JWT);
    const again = await client(strict, token({ sub: '7' }));
    again.send({ conv_id: 1, member: [7, 99], type: 'init_personal' });
    expect(await again.untilJson((frame) => frame.type === 'error')).toMatchObject({ name: 'unknown_member' });
  });
});

describe('a node that cannot start', () => {
  it('says that its port is in use, and leaves nothing behind', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    await expect(start({ PORT: String(port) })).rejects.toThrow(`Port ${port} on 127.0.0.1 is in use`);
    await expect(start({ PARLEY_ADMIN_PORT: String(port) })).rejects.toThrow(/PARLEY_ADMIN_PORT/);
    await new Promise((resolve) => taken.close(resolve));
    // The data folder is free again.
    await start();
  });

  it('says that another node has its data', async () => {
    await start();
    await expect(start()).rejects.toThrow(/is in use by another process/);
  });
});

describe('a node that stops', () => {
  it('G10: says goodbye to everyone with 1012 and answers no more', async () => {
    const edge = await start({ PARLEY_DRAIN_BATCH: '2' });
    const everyone = await Promise.all([1, 2, 3, 4, 5].map((id) => client(edge, id)));
    await edge.stop();
    const codes = await Promise.all(everyone.map((one) => one.untilClosed()));
    expect(codes.map(({ code }) => code)).toEqual([1012, 1012, 1012, 1012, 1012]);
    await expect(fetch(`${edge.adminUrl}/livez`)).rejects.toThrow();
    await expect(client(edge, 7)).rejects.toThrow(/ECONNREFUSED/);
  });

  it('G10: says "not ready" for a while before it closes the door, when told to', async () => {
    const edge = await start({ PARLEY_DRAIN_DELAY_MS: '600' });
    const stopped = edge.stop();
    await expect.poll(async () => (await fetch(`${edge.adminUrl}/readyz`)).status, { interval: 5 }).toBe(503);
    await client(edge, 7);
    await stopped;
  });
});

async function status(edge: RunningEdge): Promise<Record<string, unknown>> {
  const body = (await (await fetch(`${edge.adminUrl}/readyz`)).json()) as { status: Record<string, unknown> };
  return body.status;
}
