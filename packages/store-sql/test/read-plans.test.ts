import { join } from 'node:path';
import { commit, Room } from '@parley/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SqlStores } from '../src/sql-stores.ts';
import { SQLITE_MIGRATIONS } from '../src/sqlite/migrations.ts';
import { openSqliteStoreOn } from '../src/sqlite/open-sqlite-store.ts';
import { type Database, openDatabase } from '../src/sqlite/sqlite-database.ts';
import { temporaryFolder } from './sqlite-harness.ts';

describe('G8 reads for clients go through indexes: SQLite', () => {
  const folder = temporaryFolder();
  const prepared = new Set<string>();
  let database: Database;
  /** With the same schema: in libsql an EXPLAIN never ends its transaction, and the store could not close. */
  let explained: Database;
  let stores: SqlStores;
  let room: Room;
  let pair: Room;

  beforeAll(async () => {
    database = openDatabase(join(folder.path, 'parley.db'));
    stores = openSqliteStoreOn({
      prepare: (text) => {
        prepared.add(text);
        return database.prepare(text);
      },
      exec: (text) => database.exec(text),
      get inTransaction() {
        return database.inTransaction;
      },
      close: () => database.close(),
    });
    await stores.migrate();
    explained = openDatabase(join(folder.path, 'plans.db'));
    for (const { statements } of SQLITE_MIGRATIONS) for (const text of statements) explained.exec(text);
    room = await Room.group(stores, 20);
    pair = await Room.personal(stores);
    await commit(stores.messages, [...room.rows(50), ...pair.rows(50)]);
  });
  afterAll(async () => {
    await stores.close();
    explained.close();
    folder.remove();
  });

  /** The steps of the plans for what the call is the first to ask: each text is prepared once. */
  const stepsOf = async (call: () => Promise<unknown>): Promise<string[]> => {
    prepared.clear();
    await call();
    const texts = [...prepared].filter((text) => /^select/i.test(text));
    expect(texts.length).toBeGreaterThan(0);
    return texts.flatMap((text) => {
      const values = Array.from(text.matchAll(/\?/g), () => null);
      const rows = explained.prepare(`EXPLAIN QUERY PLAN ${text}`).all(values) as readonly {
        readonly detail: string;
      }[];
      return rows.map((row) => row.detail);
    });
  };
  // What is derived within a statement is scanned, and small.
  const scans = (steps: readonly string[]) => steps.filter((step) => /^SCAN (?!\(?r\d|CONSTANT ROW)/.test(step));
  const all = { minSeq: 1, maxSeq: Number.MAX_SAFE_INTEGER, limit: 50 };

  it.each([{ before: 40 }, { after: 10 }])('a page is a range of seqs, already in order: %o', async (fields) => {
    const steps = await stepsOf(() => stores.reader.page(room.conversationId, { ...all, ...fields }));
    expect(steps.filter((step) => step.includes(' m '))).toEqual([
      expect.stringMatching(/^SEARCH m USING INDEX \S+ \(conversation_id=\? AND seq>\? AND seq<\?\)$/),
    ]);
    expect(steps.join()).not.toMatch(/TEMP B-TREE/);
  });

  it('unread messages are a range of seqs, of one conversation each', async () => {
    const steps = await stepsOf(() => stores.reader.summaries(room.user(1), { ids: [room.conversationId] }));
    const unread = steps.filter((step) => step.includes(' messages '));
    expect(unread.length).toBeGreaterThan(0);
    for (const step of unread) expect(step).toMatch(/\(conversation_id=\? AND seq>\? AND seq<\?\)/);
  });

  it('nothing else scans a table', async () => {
    const anyMark = { conversationId: pair.conversationId, userId: pair.user(0), deliveredSeq: 3, seenSeq: 0 };
    const calls: (() => Promise<unknown>)[] = [
      () => stores.reader.summaries(room.user(1), { afterId: 0, limit: 100 }),
      () => stores.reader.summaries(pair.user(1), { ids: [pair.conversationId] }),
      () => stores.reader.members(room.conversationId, 0, 10),
      () => stores.reader.cursors([room.conversationId, pair.conversationId], 100),
      () => stores.reader.messageStatus(1),
      () => stores.reader.messageStatus(60),
      () => stores.reader.acquainted(room.user(1), [room.user(2), pair.user(1)]),
      () => stores.reader.lastSeen([room.user(1)]),
      () => stores.conversations.profilesOf([room.user(1), room.user(2)]),
      () => stores.conversations.membersOf([room.conversationId], [room.user(1)]),
      () => stores.thinMarks({ beforeUs: 0, from: anyMark, limit: 100, dryRun: true }),
      () => stores.messages.findByClientId(room.conversationId, room.user(0), 'c1'),
    ];
    for (const call of calls) expect(scans(await stepsOf(call))).toEqual([]);
  });
});
