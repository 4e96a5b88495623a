import { Room } from '@parley/core/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { TestDatabase } from './mysql-harness.ts';

describe('append to an id that was given and rolled back: MySQL', () => {
  const database = new TestDatabase();
  afterAll(() => database.drop());

  it('G7 is stale, whatever version the row says, and creates nothing', async () => {
    const stores = await database.open();
    await stores.migrate();
    const before = await Room.group(stores);
    // An auto-increment id that no conversation has, with later ones above it: what a lost race of `openPersonal` leaves behind.
    const holder = await database.connect();
    await holder.query('BEGIN');
    await holder.query("INSERT INTO conversations (kind, members_version) VALUES ('group', 1)");
    await holder.query('ROLLBACK');
    await holder.end();
    const after = await Room.group(stores);
    const gap = before.conversationId + 1;
    expect(after.conversationId).toBeGreaterThan(gap);
    for (const membersVersion of [0, 1]) {
      const outcome = await stores.messages.append([after.row(), after.row({ conversationId: gap, membersVersion })]);
      expect(outcome).toEqual({ kind: 'stale', conversationIds: new Set([gap]) });
    }
    expect(await stores.messages.heads([gap, after.conversationId])).toEqual(new Map([[after.conversationId, 0]]));
  });
});
