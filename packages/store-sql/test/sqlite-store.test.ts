import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { allBodies, commit, Room } from '@parley/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseInUseError, openSqliteStore } from '../src/index.ts';
import { SQLITE_MIGRATIONS } from '../src/sqlite/migrations.ts';
import { temporaryFolder } from './sqlite-harness.ts';

const LATEST = SQLITE_MIGRATIONS.length;

/** A process that opens the file as a node does, and stays. */
async function otherProcess(path: string): Promise<ChildProcess> {
  const libsql = createRequire(import.meta.url).resolve('libsql');
  const script = `const db = new (require(${JSON.stringify(libsql)}))(${JSON.stringify(path)});
    db.pragma('locking_mode = EXCLUSIVE'); db.pragma('journal_mode = WAL');
    db.exec('BEGIN EXCLUSIVE; COMMIT'); console.log('open'); setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  return child;
}

describe('a SQLite store', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let path: string;
  beforeEach(() => {
    folder = temporaryFolder();
    path = join(folder.path, 'data', 'parley.db');
  });
  afterEach(() => folder.remove());

  it('keeps its data and its epoch when it is opened again', async () => {
    const first = await openSqliteStore({ path });
    expect(await first.migrate()).toEqual({ from: null, to: LATEST });
    const room = await Room.group(first);
    await commit(first.messages, room.rows(3));
    const epoch = await first.epoch();
    const bodies = await allBodies(first, room);
    await first.close();
    const second = await openSqliteStore({ path });
    expect(await second.migrate()).toEqual({ from: LATEST, to: LATEST });
    expect(await second.epoch()).toBe(epoch);
    expect(await allBodies(second, room)).toEqual(bodies);
    expect(await commit(second.messages, room.rows(1))).toMatchObject([{ kind: 'stored', seq: 4 }]);
    await second.close();
  });

  it('says which command makes the schema', async () => {
    const store = await openSqliteStore({ path });
    await store.ping();
    expect(await store.schemaVersion()).toBe(null);
    await expect(store.assertSchema()).rejects.toMatchObject({ state: 'absent', message: /npx parley migrate/ });
    await store.migrate();
    await store.assertSchema();
    expect(await store.schemaVersion()).toBe(LATEST);
    await store.close();
  });

  it('is opened by one process at a time, and is free again when that one is killed', async () => {
    await (await openSqliteStore({ path })).close();
    const other = await otherProcess(path);
    const refused = openSqliteStore({ path });
    await expect(refused).rejects.toBeInstanceOf(DatabaseInUseError);
    await expect(refused).rejects.toThrow(/in use by another process/);
    other.kill('SIGKILL');
    await once(other, 'exit');
    const store = await openSqliteStore({ path });
    await expect(openSqliteStore({ path })).rejects.toBeInstanceOf(DatabaseInUseError);
    await store.migrate();
    await store.close();
  });

  it('keeps transactions of several awaits and batches apart on its one connection', async () => {
    const store = await openSqliteStore({ path });
    await store.migrate();
    const room = await Room.group(store);
    const jobs = Array.from({ length: 30 }, async (_, i) =>
      i % 3 === 0 ? (await Room.group(store)).conversationId : (await commit(store.messages, room.rows(2))).length,
    );
    await Promise.all([...jobs, store.migrate(), store.ping()]);
    expect(await allBodies(store, room)).toHaveLength(40);
    await store.close();
  });

  it('refuses calls once it is closed, and closes once', async () => {
    const store = await openSqliteStore({ path });
    await store.migrate();
    const room = await Room.group(store);
    const running = commit(store.messages, room.rows(1));
    await Promise.all([store.close(), store.close()]);
    expect(await running).toMatchObject([{ kind: 'stored' }]);
    const closed = { name: 'StoreError', outcome: 'not_committed', retryable: false, message: 'the store is closed' };
    await expect(store.messages.append(room.rows(1))).rejects.toMatchObject(closed);
    await expect(store.messages.heads([1])).rejects.toMatchObject(closed);
    await expect(store.conversations.user(1)).rejects.toMatchObject(closed);
    await expect(store.ping()).rejects.toMatchObject(closed);
  });
});
