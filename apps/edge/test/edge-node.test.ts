import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '@parley/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SQLITE_FILE } from '../src/index.ts';
import { expectNext, initPersonal, say } from './support/chat.ts';
import { EdgesHere, readyz } from './support/edges-here.ts';
import { JWT_SETTINGS, token } from './support/jwt.ts';

const logged: { level: string; fields: object; message: string }[] = [];
const line =
  (level: string) =>
  (fields: object, message: string): void =>
    void logged.push({ level, fields, message });
const log: Log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };

let folder: string;
const edges = new EdgesHere();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-edge-'));
  logged.length = 0;
});

afterEach(async () => {
  await edges.close();
  rmSync(folder, { recursive: true });
  expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
});

const start = (env: Record<string, string> = {}) => edges.start({ PARLEY_DATA_DIR: folder, ...env }, log);

describe('an embedded node', () => {
  it('L1-L4, G1, G4: carries a message, and still has it after a restart', async () => {
    const first = await start();
    const [seven, eight] = [await edges.client(first, 7), await edges.client(first, 8)];
    const conversation = await initPersonal(seven, [7, 8]);
    const message_id = await say(seven, 'personal', conversation, 'now');
    expect(await expectNext(eight, 'now')).toEqual({
      conv_id: conversation,
      message_id,
      msg: 'now',
      sender: 'User 7',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/),
      type: 'personal',
    });
    eight.drop();
    await expect.poll(async () => (await readyz(first.adminUrl)).body.status).toMatchObject({ users: 1 });
    await say(seven, 'personal', conversation, 'later');
    await first.stop();
    expect(await seven.ended()).toEqual({ code: 1012, reason: 'node is restarting' });

    const second = await start();
    const again = await edges.client(second, 8);
    // Its handshake of the last time proved that it had the first one.
    expect(await expectNext(again, 'later')).toMatchObject({ conv_id: conversation });
  });

  it('tells operators that it is ready, what it is, and what it counts', async () => {
    const edge = await start();
    await edges.client(edge, 7);
    expect(await readyz(edge.adminUrl)).toMatchObject({
      status: 200,
      body: {
        ready: true,
        phase: 'serving',
        reasons: [],
        degraded: [],
        status: { connections: 1, signedIn: 1, users: 1, busUp: true },
      },
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
    const edge = await start(JWT_SETTINGS);
    const good = await edges.client(edge, token({ sub: '7', name: 'Dakola Timmy' }));
    expect(good.log.filter(({ kind }) => kind === 'text').at(-1)?.data).toBe('user id 7 received');

    const bare = await edges.stranger(edge);
    bare.sendText('7');
    expect(await bare.nextJson()).toMatchObject({ type: 'error', name: 'invalid_token' });
    expect((await bare.ended()).code).toBe(4501);
  });

  it('L13: creates members that are unknown in development, and refuses them where sign-in means something', async () => {
    const open = await start();
    const seven = await edges.client(open, 7);
    expect(await initPersonal(seven, [7, 98])).toBeGreaterThan(0);
    await open.stop();

    const strict = await start(JWT_SETTINGS);
    const again = await edges.client(strict, token({ sub: '7' }));
    again.send({ conv_id: 1, member: [7, 99], type: 'init_personal' });
    expect(await again.nextJson()).toMatchObject({ type: 'error', name: 'unknown_member' });
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

  it('says what is wrong with its data folder', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, 'x');
    mkdirSync(join(folder, 'other'));
    writeFileSync(join(folder, 'other', SQLITE_FILE), 'this is no database, and long enough to be read as one');
    const because = (why: string) => new RegExp(`PARLEY_DATA_DIR .*${why}`);
    await expect(start({ PARLEY_DATA_DIR: file })).rejects.toThrow(because('it is a file, not a folder'));
    await expect(start({ PARLEY_DATA_DIR: join(file, 'x') })).rejects.toThrow(because('a part of it is a file'));
    await expect(start({ PARLEY_DATA_DIR: join(folder, 'other') })).rejects.toThrow(because('is not a database'));
  });

  it('says that another node has its data', async () => {
    await start();
    await expect(start()).rejects.toThrow(/is in use by another process/);
  });
});

describe('a node that stops', () => {
  it('G10: says goodbye to everyone with 1012 and answers no more', async () => {
    const edge = await start({ PARLEY_DRAIN_BATCH: '2' });
    const everyone = await Promise.all([1, 2, 3, 4, 5].map((id) => edges.client(edge, id)));
    await edge.stop();
    const codes = await Promise.all(everyone.map((one) => one.ended()));
    expect(codes.map(({ code }) => code)).toEqual([1012, 1012, 1012, 1012, 1012]);
    await expect(fetch(`${edge.adminUrl}/livez`)).rejects.toThrow();
    await expect(fetch(edge.url.replace('ws:', 'http:'))).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });

  it('G10: says "not ready" for a while before it closes the door, when told to', async () => {
    const edge = await start({ PARLEY_DRAIN_DELAY_MS: '600' });
    const stopped = edge.stop();
    await expect.poll(async () => (await readyz(edge.adminUrl)).status, { interval: 5 }).toBe(503);
    await edges.client(edge, 7);
    await stopped;
  });
});
