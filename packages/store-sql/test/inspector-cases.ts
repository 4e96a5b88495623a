import { commit, Room } from '@parley/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SqlStores } from '../src/index.ts';

/** What `parley why` relies on, on every dialect. */
export function inspectorCases(
  dialect: string,
  open: () => Promise<{ stores: SqlStores; close: () => Promise<void> }>,
): void {
  describe(`inspector on ${dialect}`, () => {
    let stores: SqlStores;
    let close: () => Promise<void>;
    const atUs = 1_700_000_000_123_456;

    beforeAll(async () => {
      ({ stores, close } = await open());
      await stores.migrate();
    });
    afterAll(() => close());

    it('tells the place, status and times of a personal message, to the microsecond (G6)', async () => {
      const room = await Room.personal(stores);
      const [first, second] = await commit(stores.messages, [
        room.row({ sentAtUs: atUs }),
        room.row({ sentAtUs: atUs }),
      ]);
      if (first?.kind !== 'stored' || second?.kind !== 'stored') throw new Error('not stored');
      const [userId, seqs] = [room.user(1), [1]];
      const at = { userId, conversationId: room.conversationId };
      await stores.receipts.apply({
        delivered: [{ ...at, kind: 'personal', seq: 1, atUs: atUs + 1 }],
        seen: [{ ...at, seqs, atUs: atUs + 2 }],
        seenUpto: [],
      });
      const place = {
        conversationId: room.conversationId,
        kind: 'personal',
        senderId: room.user(0),
        recipientId: userId,
      };
      expect(await stores.inspector.message(first.messageId)).toEqual({
        ...{ ...place, messageId: first.messageId, seq: 1, status: 'seen' },
        ...{ sentAtUs: atUs, deliveredAtUs: atUs + 1, seenAtUs: atUs + 2 },
      });
      expect(await stores.inspector.message(second.messageId)).toMatchObject({
        ...{ seq: 2, status: 'sent', deliveredAtUs: null, seenAtUs: null },
      });
    });

    it('tells the cursors of a group member by member, at most as many as asked for', async () => {
      const room = await Room.group(stores);
      const [stored] = await commit(stores.messages, [room.row()]);
      if (stored?.kind !== 'stored') throw new Error('not stored');
      const at = { userId: room.user(1), conversationId: room.conversationId, kind: room.kind };
      await stores.receipts.apply({ delivered: [], seen: [], seenUpto: [{ ...at, seq: 1, atUs }] });
      expect(await stores.inspector.message(stored.messageId)).toMatchObject({
        kind: 'group',
        recipientId: null,
        seq: 1,
      });
      const members = await stores.inspector.members(room.conversationId, 10);
      expect(
        members.map(({ userId, deliveredSeq, seenSeq, seenAtUs }) => [userId, deliveredSeq, seenSeq, seenAtUs]),
      ).toEqual([
        [room.user(0), 0, 0, null],
        [room.user(1), 1, 1, atUs],
        [room.user(2), 0, 0, null],
      ]);
      expect((await stores.inspector.members(room.conversationId, 2)).map(({ userId }) => userId)).toEqual(
        room.members.slice(0, 2),
      );
    });

    it('knows what it does not know', async () => {
      expect(await stores.inspector.message(9_007_199_254_740_991)).toBeNull();
      expect(await stores.inspector.members(9_007_199_254_740_991, 10)).toEqual([]);
    });
  });
}
