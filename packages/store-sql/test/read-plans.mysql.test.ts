import { batch, changed, commit, Room, seen } from '@parley/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SqlStores } from '../src/index.ts';
import { TestDatabase } from './mysql-harness.ts';
import { TcpProxy } from './tcp-proxy.ts';

const COM_QUERY = 3;
const HEADER_BYTES = 5;

interface PlanRow {
  readonly table: string | null;
  readonly type: string | null;
  readonly key: string | null;
  readonly rows: number | string | null;
  /** Rows really read by each run of this step: only what MariaDB's ANALYZE tells. */
  readonly r_rows?: number | string | null;
}

/** The server's plans for the very statements that a call of a store sends, on tables that are large enough for a bad one to show. */
describe('G8 reads for clients go through indexes: MySQL', () => {
  const database = new TestDatabase();
  let proxy: TcpProxy;
  let stores: SqlStores;
  let big: Room;
  let pair: Room;
  let messageId = 0;
  let isMariadb = false;
  const messagesPerRoom = 3_000;

  beforeAll(async () => {
    const direct = await database.open();
    await direct.migrate();
    big = await Room.group(direct, 400);
    pair = await Room.personal(direct);
    const others = await Promise.all(Array.from({ length: 20 }, () => Room.group(direct, 40)));
    for (const room of [big, pair, ...others.slice(0, 3)])
      for (let sent = 0; sent < messagesPerRoom; sent += 500) {
        const [first] = await commit(direct.messages, room.rows(500, { sender: 1 }));
        if (first?.kind === 'stored') messageId = first.messageId;
      }
    for (const room of others)
      await changed(direct.groups, room.change({ kind: 'add', userIds: [big.user(0), big.user(1)] }));
    await changed(direct.groups, big.change({ kind: 'remove', userId: big.user(9) }));
    await direct.receipts.apply(batch({ seen: [seen(pair, 0, [5, 2_000, 2_990])] }));
    const [version] = await database.run<{ version: string }>('SELECT VERSION() AS version');
    isMariadb = /mariadb/i.test(version?.version ?? '');
    // A table of a few rows is read whole, and rightly.
    await database.run(`INSERT INTO conversations (name) VALUES ${Array(5_000).fill("('another')").join()}`);
    await database.run('ANALYZE TABLE messages, members, conversations, users, requests');
    proxy = await TcpProxy.to(database);
    stores = await database.open({ ...proxy.address, maxReadConnections: 1 });
    await stores.ping();
  }, 120_000);
  afterAll(async () => {
    await database.drop();
    await proxy.stop();
  });

  /** The texts that the call sends to the server. */
  const statementsOf = async (call: () => Promise<unknown>): Promise<string[]> => {
    const texts: string[] = [];
    let pending = Buffer.alloc(0);
    proxy.intercept = (chunk, _, forward) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= HEADER_BYTES && pending.length >= 4 + pending.readUIntLE(0, 3)) {
        const end = 4 + pending.readUIntLE(0, 3);
        if (pending[4] === COM_QUERY) texts.push(pending.toString('utf8', HEADER_BYTES, end));
        pending = pending.subarray(end);
      }
      forward();
    };
    await call();
    proxy.intercept = null;
    return texts.filter((text) => /^select/i.test(text));
  };

  const plansOf = async (call: () => Promise<unknown>): Promise<PlanRow[]> => {
    const texts = await statementsOf(call);
    expect(texts.length).toBeGreaterThan(0);
    const plans = await Promise.all(
      texts.map((text) => database.run<PlanRow>(`${isMariadb ? 'ANALYZE' : 'EXPLAIN'} ${text}`)),
    );
    // What a plan shows as <derived2> or NULL reads no table.
    return plans.flat().filter(({ table }) => table !== null && !table.startsWith('<'));
  };

  const scans = (plans: readonly PlanRow[]) =>
    plans.filter(({ type }) => type === null || type === 'ALL' || type === 'index' || type === 'fulltext');
  const of = (table: string, plans: readonly PlanRow[]) => plans.filter((plan) => plan.table === table);
  const mostRead = (plans: readonly PlanRow[]) => Math.max(0, ...plans.map((plan) => Number(plan.r_rows ?? 0)));

  const all = { minSeq: 1, maxSeq: Number.MAX_SAFE_INTEGER, limit: 50 };
  const pages = {
    newest: {},
    before: { before: 1_500 },
    after: { after: 1_500 },
    window: { minSeq: 900, maxSeq: 1_700 },
  };
  it.each(Object.entries(pages))(
    'a page (%s) is a range of the primary key, and reads no more than itself',
    async (_, fields) => {
      const plans = await plansOf(() => stores.reader.page(big.conversationId, { ...all, ...fields }));
      const messages = of('m', plans);
      expect(messages).toMatchObject([{ type: 'range', key: 'PRIMARY' }]);
      expect(of('u', plans)).toMatchObject([{ type: 'eq_ref', key: 'PRIMARY' }]);
      if (isMariadb) expect(mostRead(plans)).toBe(50);
    },
  );

  it('what is pending for a member is a range of the primary key, whoever sent most of it', async () => {
    for (const userId of [big.user(0), big.user(1)])
      for (const conversationId of [big.conversationId, pair.conversationId]) {
        const range = { conversationId, afterSeq: 1_500, uptoSeq: 3_000, limit: 100 };
        for (const call of [
          () => stores.messages.readRanges([range], userId),
          () => stores.messages.readRanges([range, { ...range, afterSeq: 10 }], userId),
          () => stores.messages.firstOf([range], userId),
        ])
          for (const plan of of('m', await plansOf(call)))
            expect(plan).toMatchObject({ type: 'range', key: 'PRIMARY' });
      }
  });

  it('summaries read the last message by key, unread ones as a bounded range, members through their index', async () => {
    for (const userId of [big.user(0), big.user(1), pair.user(0)]) {
      const plans = await plansOf(() => stores.reader.summaries(userId, { afterId: 0, limit: 100 }));
      expect(scans(plans)).toEqual([]);
      const unread = of('messages', plans);
      expect(unread.length).toBeGreaterThan(0);
      for (const plan of unread) expect(plan).toMatchObject({ type: 'range', key: 'PRIMARY' });
      if (isMariadb) expect(mostRead(unread)).toBeLessThanOrEqual(2_000);
      const counts = of('members', plans);
      expect(counts).toMatchObject([{ key: 'members_present' }]);
    }
  });

  it('memberships that a device names, a thousand at once, most of them made up, are looked up by key', async () => {
    const named = Array.from({ length: 998 }, (_, n) => 1_000_000 + n);
    for (const ids of [[big.conversationId], [pair.conversationId, big.conversationId, ...named]]) {
      const plans = await plansOf(() => stores.conversations.membershipsIn(big.user(0), ids));
      expect(scans(plans)).toEqual([]);
      expect(of('m', plans)).toMatchObject([{ key: 'PRIMARY' }]);
      // Those the user has, at most.
      if (isMariadb) expect(mostRead(plans)).toBeLessThanOrEqual(21);
    }
  });

  it('members, cursors and profiles read what they give', async () => {
    const members = await plansOf(() => stores.reader.members(big.conversationId, big.user(100), 20));
    expect(scans(members)).toEqual([]);
    // Only present members are in reach, at most 1,000, whoever has come and gone.
    expect(of('m', members)).toMatchObject([{ key: 'members_present' }]);
    if (isMariadb) expect(mostRead(members)).toBeLessThanOrEqual(399);
    const cursors = await plansOf(() => stores.reader.cursors([pair.conversationId], 100));
    expect(scans(cursors)).toEqual([]);
    expect(of('messages', cursors)).toMatchObject([{ type: 'range', key: 'PRIMARY' }]);
    if (isMariadb) expect(mostRead(of('messages', cursors))).toBeLessThanOrEqual(2_000);
    const profiles = await plansOf(() => stores.conversations.profilesOf([big.user(0), big.user(1), pair.user(0)]));
    expect(of('m', profiles)).toMatchObject([{ type: 'ref', key: 'PRIMARY' }]);
    expect(of('c', profiles)).toMatchObject([{ type: 'eq_ref', key: 'PRIMARY' }]);
  });

  it('the members of conversations are found by conversation, or by user where few are asked for', async () => {
    const ids = [big.conversationId, pair.conversationId];
    for (const among of [undefined, [big.user(3)], big.members.slice(0, 200)])
      expect(scans(await plansOf(() => stores.conversations.membersOf(ids, among)))).toEqual([]);
  });

  it('one profile read is one statement, whoever is asked for', async () => {
    const users = [big.user(0), pair.user(0), 4_000_000_000];
    expect(await statementsOf(() => stores.conversations.profilesOf(users))).toHaveLength(1);
  });

  it('a message is found by its id or client id, its status by key', async () => {
    for (const call of [
      () => stores.reader.messageStatus(messageId),
      () => stores.reader.messageStatus(1),
      () => stores.messages.findByClientId(big.conversationId, big.user(1), 'c1'),
      () => stores.messages.locate([messageId, 1]),
    ])
      expect(scans(await plansOf(call))).toEqual([]);
  });

  it('acquaintances are looked up by key, in the groups that the user is in', async () => {
    const others = [...big.members.slice(1, 60), ...pair.members];
    const plans = await plansOf(() => stores.reader.acquainted(big.user(0), others));
    expect(scans(plans)).toEqual([]);
    expect(plans.filter(({ table }) => table === 'mine' || table === 'theirs').map(({ key }) => key)).toEqual(
      expect.arrayContaining(['PRIMARY']),
    );
    expect(scans(await plansOf(() => stores.reader.lastSeen([big.user(0)])))).toEqual([]);
  });

  it('to thin marks reads a part of them in the order of the key, wherever the part begins', async () => {
    const connection = await database.connect();
    for (const conversationId of [1, pair.conversationId, 1_000_000]) {
      const marks = Array.from({ length: 3_000 }, (_, seq) => [
        ...[conversationId, pair.user(seq % 2), seq + 1, seq],
        ...['2026-01-01 00:00:01', '2026-01-01 00:00:01'],
      ]);
      await connection.query('INSERT INTO receipt_marks VALUES ?', [marks]);
    }
    await connection.query('ANALYZE TABLE receipt_marks');
    await connection.end();
    const middle = { conversationId: pair.conversationId, userId: pair.user(0), deliveredSeq: 1_501, seenSeq: 1_500 };
    for (const from of [
      null,
      middle,
      { ...middle, deliveredSeq: 2_950, seenSeq: 2_949 },
      { ...middle, userId: pair.user(1), deliveredSeq: 2_950, seenSeq: 2_949 },
    ]) {
      const plans = await plansOf(() => stores.thinMarks({ beforeUs: 0, from, limit: 200, dryRun: true }));
      for (const plan of plans) expect(plan).toMatchObject({ key: 'PRIMARY' });
      if (isMariadb) expect(mostRead(plans)).toBeLessThanOrEqual(200);
    }
  });
});
