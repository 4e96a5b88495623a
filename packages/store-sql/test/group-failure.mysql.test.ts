import type { ConversationId, GroupChange } from '@parley/core';
import { allBodies, changed, commit, newUserId, Room } from '@parley/core/testing';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { SqlStores } from '../src/index.ts';
import { DatabaseFaults, failure } from './database-faults.ts';
import { TestDatabase } from './mysql-harness.ts';
import { at, cutBefore, cutBehind, TcpProxy } from './tcp-proxy.ts';

/** The whole statement: COM_QUERY is 3. Not the `autocommit` of a session's set-up. */
const COMMIT = '\u0003commit';

describe('a group change, when the connection or the server fails: MySQL', () => {
  const faults = new DatabaseFaults();
  const { database } = faults;

  const addSomebody = async (room: Room): Promise<GroupChange> => {
    const userId = newUserId();
    await faults.direct.conversations.ensureUser(userId, null);
    return room.change({ kind: 'add', userIds: [userId] });
  };

  /** The same call again brings it to exactly once. */
  const recovers = async (room: Room, change: GroupChange, kind: 'changed' | 'duplicate'): Promise<void> => {
    expect(await allBodies(faults.direct, room)).toHaveLength(kind === 'changed' ? 0 : 1);
    faults.proxy.intercept = null;
    expect(await faults.direct.groups.change(change)).toMatchObject({ kind, seq: 1, membersVersion: 2 });
    expect(await faults.direct.groups.change(change)).toMatchObject({ kind: 'duplicate', seq: 1, membersVersion: 2 });
    expect(await faults.direct.conversations.membersOf([room.conversationId])).toHaveLength(4);
  };

  it('G3 cut after COMMIT was answered: unknown; the same call again returns the first event', async () => {
    const room = await Room.group(faults.direct);
    const change = await addSomebody(room);
    const stores = await faults.throughProxy();
    faults.proxy.intercept = cutBehind(COMMIT);
    expect(await failure(stores.groups.change(change))).toMatchObject({ outcome: 'unknown', retryable: true });
    await recovers(room, change, 'duplicate');
  });

  it('G3 cut before COMMIT arrived: unknown all the same; the same call again makes it', async () => {
    const room = await Room.group(faults.direct);
    const change = await addSomebody(room);
    const stores = await faults.throughProxy();
    faults.proxy.intercept = cutBefore(COMMIT);
    expect(await failure(stores.groups.change(change))).toMatchObject({ outcome: 'unknown', retryable: true });
    await recovers(room, change, 'changed');
  });

  it('G3 called again while its first COMMIT is still on its way: it waits for that, and is a duplicate', async () => {
    const room = await Room.group(faults.direct);
    const change = await addSomebody(room);
    const stores = await faults.throughProxy({ queryTimeoutMs: 400 });
    let release = () => {};
    faults.proxy.intercept = at(COMMIT, (chunk, { client, server }) => {
      // The client is lost; what it has sent is held on the way to the server.
      client.removeAllListeners('close');
      release = () => server.write(chunk);
    });
    expect(await failure(stores.groups.change(change))).toMatchObject({ outcome: 'unknown', retryable: true });
    const again = faults.direct.groups.change(change);
    await faults.waiting('update `conversations` set `last_seq`%');
    release();
    expect(await again).toMatchObject({ kind: 'duplicate', seq: 1, membersVersion: 2 });
    expect(await allBodies(faults.direct, room)).toHaveLength(1);
  });

  it.each([
    'update `conversations` set `last_seq`',
    'insert into `messages`',
    'insert into `members`',
    'insert into `requests`',
  ])('cut at %s: not committed, and nothing of it stays', async (text) => {
    const room = await Room.group(faults.direct);
    const change = await addSomebody(room);
    const stores = await faults.throughProxy();
    faults.proxy.intercept = cutBefore(text);
    expect(await failure(stores.groups.change(change))).toMatchObject({ outcome: 'not_committed', retryable: true });
    expect(await faults.direct.conversations.membersOf([room.conversationId])).toHaveLength(3);
    await recovers(room, change, 'changed');
  });

  it('lock wait timeout: not committed, and the connection is fit for the next call', async () => {
    const room = await Room.group(faults.direct);
    const change = await addSomebody(room);
    const stores = await database.open({ lockWaitTimeoutMs: 1_000, maxChangeConnections: 1 });
    const holder = await faults.hold(room.conversationId);
    const error = await failure(stores.groups.change(change));
    expect(error).toMatchObject({ outcome: 'not_committed', retryable: true, cause: { errno: 1205 } });
    await holder.end();
    expect(await stores.groups.change(change)).toMatchObject({ kind: 'changed', seq: 1 });
  });

  it('G8 changes that wait for a head keep no read waiting, and wait themselves for a bounded time', async () => {
    const room = await Room.group(faults.direct);
    const stores = await database.open({ maxReadConnections: 1, acquireTimeoutMs: 300 });
    const holder = await faults.hold(room.conversationId);
    const failures: unknown[] = [];
    const renames = Array.from({ length: 10 }, (_, index) =>
      stores.groups
        .change(room.change({ kind: 'rename', name: `${index}` }))
        .catch((error: unknown) => void failures.push(error)),
    );
    await faults.waiting('update `conversations` set `last_seq`%', 2);
    expect(await stores.conversations.membershipsOf([room.user(0)])).toHaveLength(1);
    await vi.waitFor(() => expect(failures).toHaveLength(8), { timeout: 10_000, interval: 10 });
    for (const error of failures)
      expect(error).toMatchObject({ outcome: 'not_committed', retryable: true, message: /became free/ });
    await holder.end();
    const made = (await Promise.all(renames)).filter((result) => result?.kind === 'changed');
    expect(made).toHaveLength(2);
    expect(await allBodies(faults.direct, room)).toHaveLength(2);
  });

  it('who never was a member does not get at the group’s lock', async () => {
    const room = await Room.group(faults.direct);
    const holder = await faults.hold(room.conversationId);
    const stranger = room.change({ kind: 'leave' }, { actorId: newUserId() });
    expect(await faults.direct.groups.change(stranger)).toEqual({ kind: 'refused', error: 'not_a_member' });
    await holder.end();
  });

  it('deadlock: the change is made again, and is made once', async () => {
    const [room, other] = [await Room.group(faults.direct), await Room.group(faults.direct, 100)];
    const holder = await database.connect();
    await holder.query('BEGIN');
    // More changes than the change of the group has, so that InnoDB lets that one lose.
    await holder.query('UPDATE members SET joined_seq = joined_seq + 1 WHERE conversation_id = ?', [
      other.conversationId,
    ]);
    await holder.query('SELECT user_id FROM members WHERE user_id = ? AND conversation_id = ? FOR UPDATE', [
      room.user(1),
      room.conversationId,
    ]);
    const begun: string[] = [];
    const stores = await faults.throughProxy();
    faults.proxy.intercept = (chunk, _, forward) => {
      if (chunk.subarray(5).toString('latin1') === 'begin') begun.push('begin');
      forward();
    };
    const removing = stores.groups.change(room.change({ kind: 'remove', userId: room.user(1) }));
    await faults.waiting('update `members`%');
    await holder.query('SELECT id FROM conversations WHERE id = ? FOR UPDATE', [room.conversationId]);
    await faults.waiting('update `conversations` set `last_seq`%');
    await holder.query('ROLLBACK');
    await holder.end();
    expect(await removing).toMatchObject({ kind: 'changed', seq: 1, membersVersion: 2 });
    expect(begun).toHaveLength(2);
    expect(await allBodies(faults.direct, room)).toHaveLength(1);
  });
});

describe('group changes under load: MySQL', () => {
  const database = new TestDatabase();
  afterAll(() => database.drop());

  it('G2 never deadlock with appends and receipts, which name the same conversations in every order', async () => {
    const direct = await database.open();
    await direct.migrate();
    const rooms = await Promise.all(Array.from({ length: 6 }, () => Room.group(direct, 8)));
    const guests = Array.from({ length: 40 }, newUserId);
    await direct.conversations.ensureUsers(guests);
    const proxy = await TcpProxy.to(database);
    let begun = 0;
    proxy.intercept = (chunk, _, forward) => {
      if (chunk.subarray(5).toString('latin1') === 'begin') begun += 1;
      forward();
    };
    const editors = await Promise.all(Array.from({ length: 3 }, () => database.open(proxy.address)));
    const writers = await Promise.all(Array.from({ length: 3 }, () => database.open()));
    const rounds = 40;
    let running = editors.length;
    let [changes, appends, receipts] = [0, 0, 0];

    // A call that fails, as one that is chosen to end a deadlock does, ends the test: `append` repeats nothing by itself.
    const editing = async (stores: SqlStores, index: number): Promise<void> => {
      for (let round = 0; round < rounds; round += 1) {
        const room = rooms[(round + index) % rooms.length] as Room;
        const own = guests.filter((_, guest) => guest % editors.length === index);
        const userIds = round % 2 === 0 ? own : own.reverse();
        const done = await stores.groups.change(room.change({ kind: 'add', userIds }));
        changes += 1;
        expect(done.kind === 'changed' || (done.kind === 'refused' && done.error === 'no_change')).toBe(true);
        await changed(stores.groups, room.change({ kind: 'remove', userId: own[round % own.length] as number }));
        changes += 1;
      }
      running -= 1;
    };
    const writing = async (stores: SqlStores, index: number): Promise<void> => {
      const versions = new Map<ConversationId, number>();
      while (running > 0) {
        const order = index % 2 === 0 ? rooms : [...rooms].reverse();
        const rows = order.flatMap((room) =>
          room.rows(4, { sender: index, membersVersion: versions.get(room.conversationId) ?? 1 }),
        );
        const outcome = await stores.messages.append(rows);
        if (outcome.kind === 'committed') appends += 1;
        else
          for (const id of outcome.conversationIds) {
            const room = rooms.find((each) => each.conversationId === id) as Room;
            const found = await stores.conversations.membership(room.user(index), id);
            versions.set(id, found?.membersVersion ?? 0);
          }
      }
    };
    const receiving = async (): Promise<void> => {
      for (let seq = 1; running > 0; seq += 1) {
        const of = (userId: number, room: Room) =>
          ({
            userId,
            conversationId: room.conversationId,
            kind: 'group',
            seq,
            atUs: 1_598_356_410_923_631 + seq,
          }) as const;
        const users = [...guests, ...(rooms[seq % 6] as Room).members];
        const delivered = rooms.flatMap((room) => users.map((userId) => of(userId, room)));
        await direct.receipts.apply({ delivered, seen: [], seenUpto: delivered });
        receipts += 1;
      }
    };
    await Promise.all([...editors.map(editing), ...writers.map(writing), receiving()]);
    // One transaction for each change that was asked for: none was begun again.
    expect(begun).toBe(changes);
    expect(changes).toBe(editors.length * rounds * 2);
    expect(Math.min(appends, receipts)).toBeGreaterThan(5);
    for (const room of rooms) expect((await allBodies(direct, room)).length).toBeGreaterThan(0);
    await Promise.all(editors.map((stores) => stores.close()));
    await proxy.stop();
  }, 120_000);

  it('G2 a seq that a refused change had taken is given to the next message', async () => {
    const direct = await database.open();
    const room = await Room.group(direct);
    await direct.groups.change(room.change({ kind: 'rename', name: 'x' }, { actor: 1 }));
    expect(await commit(direct.messages, [room.row()])).toMatchObject([{ kind: 'stored', seq: 1 }]);
  });
});
