import type { AppendRow, StoreError } from '@parley/core';
import { allBodies, commit, Room } from '@parley/core/testing';
import { describe, expect, it } from 'vitest';
import { DatabaseFaults, failure } from './database-faults.ts';
import { at, cutBefore, cutBehind } from './tcp-proxy.ts';

describe('append, when the connection or the server fails: MySQL', () => {
  const faults = new DatabaseFaults();
  const { database } = faults;

  const headWaiter = async (): Promise<number> => (await faults.waiting('INSERT INTO conversations%'))[0]!;

  /** After a failure: nothing or all of it is stored, and the same call again brings it to exactly once. */
  const recovers = async (room: Room, rows: readonly AppendRow[], kind: 'stored' | 'duplicate'): Promise<void> => {
    const before = await allBodies(faults.direct, room);
    expect(before).toHaveLength(kind === 'stored' ? 0 : rows.length);
    faults.proxy.intercept = null;
    const results = await commit(faults.direct.messages, rows);
    expect(results.map((result) => result.kind)).toEqual(rows.map(() => kind));
    expect(await allBodies(faults.direct, room)).toEqual(rows.map((row) => row.body));
  };

  it('G1 G3 cut after COMMIT was answered: unknown; the same call again returns what is stored', async () => {
    const room = await Room.group(faults.direct);
    const stores = await faults.throughProxy();
    const rows = room.rows(3);
    faults.proxy.intercept = cutBehind('INSERT INTO messages');
    const error = await failure(stores.messages.append(rows));
    expect(error).toMatchObject({ outcome: 'unknown', retryable: true });
    await recovers(room, rows, 'duplicate');
    // The store itself has replaced the connection.
    expect(await commit(stores.messages, rows)).toMatchObject(rows.map((_, i) => ({ kind: 'duplicate', seq: i + 1 })));
  });

  it('G3 cut before COMMIT arrived: unknown all the same; the same call again stores it', async () => {
    const room = await Room.group(faults.direct);
    const stores = await faults.throughProxy();
    const rows = room.rows(3);
    faults.proxy.intercept = cutBefore('INSERT INTO messages');
    expect(await failure(stores.messages.append(rows))).toMatchObject({ outcome: 'unknown', retryable: true });
    await recovers(room, rows, 'stored');
  });

  it('cut before the heads were moved: not committed', async () => {
    const room = await Room.group(faults.direct);
    const stores = await faults.throughProxy();
    const rows = room.rows(3);
    faults.proxy.intercept = cutBefore('INSERT INTO conversations');
    expect(await failure(stores.messages.append(rows))).toMatchObject({ outcome: 'not_committed', retryable: true });
    await recovers(room, rows, 'stored');
  });

  it('killed between the two round trips: nothing is stored, the same call again stores it once', async () => {
    const room = await Room.group(faults.direct);
    const stores = await faults.throughProxy();
    const rows = room.rows(3);
    let killed: Promise<void> | null = null;
    faults.proxy.intercept = at('INSERT INTO messages', (_, __, forward) => {
      const kill = async () => {
        const [session] = await database.run<{ id: number }>(
          `SELECT p.id FROM information_schema.processlist p JOIN information_schema.innodb_trx t
           ON t.trx_mysql_thread_id = p.id WHERE p.db = ? AND p.command = 'Sleep'`,
          [database.options.database],
        );
        await database.run(`KILL ${session!.id}`);
        forward();
      };
      killed = kill();
    });
    const error = await failure(stores.messages.append(rows));
    await killed;
    expect(error.retryable).toBe(true);
    await recovers(room, rows, 'stored');
  });

  it('killed while it waits for a head: not committed', async () => {
    const room = await Room.group(faults.direct);
    const rows = room.rows(2);
    const holder = await faults.hold(room.conversationId);
    const failed = failure(faults.direct.messages.append(rows));
    await database.run(`KILL ${await headWaiter()}`);
    expect(await failed).toMatchObject({ outcome: 'not_committed', retryable: true });
    await holder.end();
    await recovers(room, rows, 'stored');
  });

  it('lock wait timeout: not committed, and the connection is fit for the next call', async () => {
    const room = await Room.group(faults.direct);
    const stores = await database.open({ lockWaitTimeoutMs: 1_000, maxWriteConnections: 1 });
    const rows = room.rows(2);
    const holder = await faults.hold(room.conversationId);
    const error = await failure(stores.messages.append(rows));
    expect(error).toMatchObject({ outcome: 'not_committed', retryable: true, cause: { errno: 1205 } });
    await holder.end();
    expect(await commit(stores.messages, rows)).toMatchObject([{ seq: 1 }, { seq: 2 }]);
  });

  it('deadlock: not committed', async () => {
    const [a, b] = [await Room.group(faults.direct), await Room.group(faults.direct, 100)];
    const rows = [a.row(), b.row()];
    const holder = await faults.hold(b.conversationId);
    // More changes than the append has, so that InnoDB lets the append lose.
    await holder.query('UPDATE members SET joined_seq = joined_seq + 1 WHERE conversation_id = ?', [b.conversationId]);
    const failed = failure(faults.direct.messages.append(rows));
    await headWaiter();
    await holder.query('SELECT id FROM conversations WHERE id = ? FOR UPDATE', [a.conversationId]);
    expect(await failed).toMatchObject({ outcome: 'not_committed', retryable: true, cause: { errno: 1213 } });
    await holder.query('ROLLBACK');
    await holder.end();
    expect(await commit(faults.direct.messages, rows)).toMatchObject([{ seq: 1 }, { seq: 1 }]);
  });

  it('G8 no answer to COMMIT: unknown within the query timeout, and the next call has a new connection', async () => {
    const room = await Room.group(faults.direct);
    const stores = await faults.throughProxy({ queryTimeoutMs: 400, maxWriteConnections: 1 });
    const rows = room.rows(2);
    faults.proxy.intercept = at('INSERT INTO messages', () => {});
    const error = await failure(stores.messages.append(rows));
    expect(error).toMatchObject({ outcome: 'unknown', retryable: true, cause: { name: 'QueryTimeoutError' } });
    expect(await commit(stores.messages, rows)).toMatchObject([{ seq: 1 }, { seq: 2 }]);
    expect(await allBodies(faults.direct, room)).toHaveLength(2);
  });

  it('G8 a node that stops inside a transaction gives up its locks', async () => {
    const room = await Room.group(faults.direct);
    const stores = await faults.throughProxy({ sessionIdleTimeoutMs: 1_000, queryTimeoutMs: 20_000 });
    const rows = room.rows(1);
    let failed: Promise<StoreError> | null = null;
    await new Promise<void>((held) => {
      faults.proxy.intercept = at('INSERT INTO messages', () => held());
      failed = failure(stores.messages.append(rows));
    });
    const other = room.row();
    expect(await commit(faults.direct.messages, [other])).toMatchObject([{ kind: 'stored', seq: 1 }]);
    expect(await failed).toMatchObject({ outcome: 'unknown', retryable: true });
    expect(await allBodies(faults.direct, room)).toEqual([other.body]);
  });

  it('G8 calls beyond the pool wait, a bounded number of them and for a bounded time', async () => {
    const room = await Room.group(faults.direct);
    const stores = await database.open({ maxWriteConnections: 1, maxWaiting: 1, acquireTimeoutMs: 300 });
    const holder = await faults.hold(room.conversationId);
    const first = commit(stores.messages, [room.row()]);
    await headWaiter();
    const second = failure(stores.messages.append([room.row()]));
    const third = await failure(stores.messages.append([room.row()]));
    expect(third).toMatchObject({ outcome: 'not_committed', retryable: true, message: /already wait/ });
    expect(await second).toMatchObject({ outcome: 'not_committed', retryable: true, message: /became free/ });
    await holder.end();
    expect(await first).toMatchObject([{ kind: 'stored', seq: 1 }]);
  });

  it('no server: not committed, for every method alike; and again when it is back', async () => {
    const room = await Room.group(faults.direct);
    const stores = await faults.throughProxy();
    const { port } = faults.proxy.address;
    await faults.proxy.stop();
    const receipts = { delivered: [], seenUpto: [], seen: [] };
    const receipt = { userId: 1, conversationId: 1, kind: 'group', seq: 1, atUs: 1 } as const;
    for (const call of [
      () => stores.messages.append([room.row()]),
      () => stores.messages.heads([1]),
      () => stores.messages.readRanges([{ conversationId: 1, afterSeq: 0, uptoSeq: 1, limit: 1 }]),
      () => stores.conversations.openPersonal(1, 2),
      () => stores.receipts.apply({ ...receipts, delivered: [receipt] }),
      () => stores.ping(),
      () => stores.schemaVersion(),
    ]) {
      expect(await failure(call())).toMatchObject({ outcome: 'not_committed', retryable: true });
    }
    await faults.startProxy(port);
    await stores.ping();
    expect(await commit(stores.messages, [room.row()])).toMatchObject([{ seq: 1 }]);
  });

  it('a closed store refuses, after the calls under way have ended', async () => {
    const room = await Room.group(faults.direct);
    const stores = await faults.throughProxy();
    const holder = await faults.hold(room.conversationId);
    const running = commit(stores.messages, [room.row()]);
    await headWaiter();
    const closed = Promise.all([stores.close(), stores.close()]);
    const error = await failure(stores.messages.append([room.row()]));
    expect(error).toMatchObject({ outcome: 'not_committed', message: 'the store is closed' });
    await holder.end();
    expect(await running).toMatchObject([{ kind: 'stored', seq: 1 }]);
    await closed;
  });
});
