import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '@parley/core';
import { openSqliteStore, type SqlStores } from '@parley/store-sql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NoOperatorError, remoteOperatorStore } from '../src/operator/operator-client.ts';
import { OperatorServer, openOperatorServer } from '../src/operator/operator-server.ts';
import { OPERATOR_SOCKET, operatorSocketPath } from '../src/operator/operator-socket-path.ts';
import { operatorStore } from '../src/operator/operator-store.ts';

let folder: string;
let stores: SqlStores;
let server: OperatorServer | null;
let notes: string[];
const log: Log = {
  debug: () => undefined,
  info: (_fields, message) => notes.push(message),
  warn: (_fields, message) => notes.push(message),
  error: (_fields, message) => notes.push(message),
};

beforeEach(async () => {
  notes = [];
  folder = mkdtempSync(join(tmpdir(), 'parley-op-'));
  stores = await openSqliteStore({ path: join(folder, 'parley.sqlite') });
  await stores.migrate();
  server = await openOperatorServer(folder, operatorStore(stores), log);
});

afterEach(async () => {
  await server?.close();
  await stores.close();
  rmSync(folder, { recursive: true });
});

/** What the server answers to these bytes before it ends the connection. */
async function exchange(text: string): Promise<string> {
  const socket = connect(join(folder, OPERATOR_SOCKET)).setEncoding('utf8');
  socket.on('error', () => undefined);
  socket.write(text);
  let answer = '';
  socket.on('data', (chunk: string) => {
    answer += chunk;
  });
  await new Promise((resolve) => socket.once('close', resolve));
  return answer;
}

describe('operator socket', () => {
  it('answers every call as the store does, from another process just as well', async () => {
    const remote = remoteOperatorStore(join(folder, OPERATOR_SOCKET));
    expect(await remote.user(7)).toBeNull();
    expect(await remote.ensureUser(7, 'Dakola “Timmy” 👋')).toEqual({ id: 7, name: 'Dakola “Timmy” 👋' });
    await remote.ensureUser(8, 'Ann');
    expect(await remote.listUsers(7, 10)).toEqual([{ id: 8, name: 'Ann' }]);
    const opened = await stores.conversations.openPersonal(7, 8);
    if (!opened.ok) throw new Error('not opened');
    expect(await remote.memberships(7)).toMatchObject([{ conversationId: opened.conversationId, peerId: 8 }]);
    expect((await remote.members(opened.conversationId, 10)).map(({ userId }) => userId)).toEqual([7, 8]);
    expect(await remote.message(1)).toBeNull();
    expect(await remote.lastMessageId()).toBe(0);
    const thinning = { beforeUs: 0, from: null, limit: 10, dryRun: false };
    expect(await remote.thinMarks(thinning)).toEqual({ read: 0, removed: 0, next: null });
    const change = await remote.renewEpoch();
    expect(change.before).not.toBe(change.after);
    expect([await remote.epoch(), await stores.epoch()]).toEqual([change.after, change.after]);
  });

  it('is for its owner alone', () => {
    expect(statSync(join(folder, OPERATOR_SOCKET)).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['not JSON\n', 'JSON'],
    ['{"call":"close","args":[]}\n', 'does not know that call'],
    ['{"call":"constructor","args":[]}\n', 'does not know that call'],
    ['{"call":"user"}\n', 'does not know that call'],
    ['null\n', ''],
  ])('refuses %j and goes on', async (request, message) => {
    const answer = JSON.parse(await exchange(request)) as { ok: boolean; message: string };
    expect(answer.ok).toBe(false);
    expect(answer.message).toContain(message);
    expect(await remoteOperatorStore(join(folder, OPERATOR_SOCKET)).user(7)).toBeNull();
  });

  it('ends a connection whose request has no end (G8)', async () => {
    expect(await exchange('x'.repeat(70_000))).toBe('');
  });

  it('passes on why the store refused', async () => {
    await stores.close();
    await expect(remoteOperatorStore(join(folder, OPERATOR_SOCKET)).user(7)).rejects.toThrow('the store is closed');
  });

  it('takes the place of a socket that a killed node left behind, and leaves none itself', async () => {
    await server?.close();
    const path = join(folder, OPERATOR_SOCKET);
    expect(() => statSync(path)).toThrow('ENOENT');
    await expect(remoteOperatorStore(path).user(7)).rejects.toThrow(NoOperatorError);
    writeFileSync(path, '');
    server = await OperatorServer.open(path, operatorStore(stores), log);
    expect(await remoteOperatorStore(path).user(7)).toBeNull();
  });

  it('is done without where no socket can be, and says so', async () => {
    const long = join(folder, 'x'.repeat(120));
    expect(operatorSocketPath(long)).toBeNull();
    expect(await openOperatorServer(long, operatorStore(stores), log)).toBeNull();
    expect(await openOperatorServer(join(folder, 'absent'), operatorStore(stores), log)).toBeNull();
    expect(notes).toEqual([
      'no operator socket here: `parley user` works only while this node is stopped',
      'no operator socket: `parley user` works only while this node is stopped',
    ]);
  });
});
