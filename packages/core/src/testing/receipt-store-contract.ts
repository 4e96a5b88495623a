import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batch, delivered, seen, seenUpto, T } from './receipt-builders.ts';
import { receiptOrderContract } from './receipt-order-contract.ts';
import { receiptUptoContract } from './receipt-upto-contract.ts';
import { commit, type OpenHarness, Room, type StatusRow, type StoreHarness } from './store-harness.ts';

/** What every `ReceiptStore` must do (G6, L7, L10). */
export function receiptStoreContract(name: string, open: OpenHarness): void {
  describe(`ReceiptStore: ${name}`, () => {
    let h: StoreHarness;
    beforeAll(async () => {
      h = await open();
    });
    afterAll(async () => {
      await h.close();
    });

    const short = (rows: readonly StatusRow[]): string => rows.map((row) => row.status[0]).join('');
    const statuses = async (room: Room): Promise<string> => short(await h.statuses(room.conversationId));

    it('G6 L10 delivered moves the messages of others up to the seq, with the time, and the cursor', async () => {
      const room = await Room.personal(h);
      await commit(h.messages, [room.row(), room.row({ sender: 1 }), room.row(), room.row({ sender: 1 }), room.row()]);
      expect(await statuses(room)).toBe('sssss');
      await h.receipts.apply(batch({ delivered: [delivered(room, 1, 3, T + 5)] }));
      expect(await h.statuses(room.conversationId)).toEqual([
        { seq: 1, status: 'delivered', deliveredAtUs: T + 5, seenAtUs: null },
        { seq: 2, status: 'sent', deliveredAtUs: null, seenAtUs: null },
        { seq: 3, status: 'delivered', deliveredAtUs: T + 5, seenAtUs: null },
        { seq: 4, status: 'sent', deliveredAtUs: null, seenAtUs: null },
        { seq: 5, status: 'sent', deliveredAtUs: null, seenAtUs: null },
      ]);
      expect(await h.cursors(room.user(1), room.conversationId)).toMatchObject({
        deliveredSeq: 3,
        deliveredAtUs: T + 5,
      });
      expect((await h.cursors(room.user(0), room.conversationId)).deliveredSeq).toBe(0);
    });

    it('G6 a repeat or an older delivered changes nothing, a later one goes on', async () => {
      const room = await Room.personal(h);
      await commit(h.messages, room.rows(6));
      await h.receipts.apply(batch({ delivered: [delivered(room, 1, 4, T)] }));
      const before = [await h.statuses(room.conversationId), await h.cursors(room.user(1), room.conversationId)];
      await h.receipts.apply(batch({ delivered: [delivered(room, 1, 4, T + 9), delivered(room, 1, 2, T + 9)] }));
      expect([await h.statuses(room.conversationId), await h.cursors(room.user(1), room.conversationId)]).toEqual(
        before,
      );
      await h.receipts.apply(batch({ delivered: [delivered(room, 1, 6, T + 20)] }));
      const after = await h.statuses(room.conversationId);
      expect(after.slice(0, 4)).toEqual((before[0] as StatusRow[]).slice(0, 4));
      expect(after.slice(4).map((row) => row.deliveredAtUs)).toEqual([T + 20, T + 20]);
    });

    it('L7 seeing 75 does not mark 74, and sets a missing delivered time', async () => {
      const room = await Room.personal(h);
      await commit(h.messages, room.rows(5));
      await h.receipts.apply(batch({ delivered: [delivered(room, 1, 2, T)] }));
      await h.receipts.apply(batch({ seen: [seen(room, 1, [2, 4, 5], T + 7)] }));
      expect(await h.statuses(room.conversationId)).toEqual([
        { seq: 1, status: 'delivered', deliveredAtUs: T, seenAtUs: null },
        { seq: 2, status: 'seen', deliveredAtUs: T, seenAtUs: T + 7 },
        { seq: 3, status: 'sent', deliveredAtUs: null, seenAtUs: null },
        { seq: 4, status: 'seen', deliveredAtUs: T + 7, seenAtUs: T + 7 },
        { seq: 5, status: 'seen', deliveredAtUs: T + 7, seenAtUs: T + 7 },
      ]);
      // The delivered cursor has not jumped over 3.
      expect((await h.cursors(room.user(1), room.conversationId)).deliveredSeq).toBe(2);
      await h.receipts.apply(batch({ delivered: [delivered(room, 1, 5, T + 9)], seen: [seen(room, 1, [4], T + 9)] }));
      expect(await h.statuses(room.conversationId)).toMatchObject([
        { status: 'delivered', deliveredAtUs: T },
        { status: 'seen', seenAtUs: T + 7 },
        { status: 'delivered', deliveredAtUs: T + 9 },
        { status: 'seen', deliveredAtUs: T + 7, seenAtUs: T + 7 },
        { status: 'seen', deliveredAtUs: T + 7, seenAtUs: T + 7 },
      ]);
    });

    it('G6 L10 only a recipient moves a status: neither the sender nor a stranger', async () => {
      const room = await Room.personal(h);
      const stranger = await Room.personal(h);
      await commit(h.messages, room.rows(3));
      const foreign = { ...seen(room, 0, [1, 2, 3]), userId: stranger.user(0) };
      const foreignDelivered = { ...delivered(room, 0, 3), userId: stranger.user(0) };
      await h.receipts.apply(
        batch({
          delivered: [delivered(room, 0, 3), foreignDelivered],
          seen: [seen(room, 0, [1, 2, 3]), foreign],
        }),
      );
      expect(await statuses(room)).toBe('sss');
      expect(await h.conversations.membership(stranger.user(0), room.conversationId)).toBe(null);
      expect(await h.conversations.membershipsOf([stranger.user(0)])).toHaveLength(1);
    });

    it('a receipt beyond the head does not hide later messages', async () => {
      const [pair, group] = [await Room.personal(h), await Room.group(h)];
      await commit(h.messages, [...pair.rows(2), ...group.rows(2)]);
      await h.receipts.apply(
        batch({
          delivered: [delivered(pair, 1, 100), delivered(group, 1, 100)],
          seen: [seen(pair, 1, [2, 3, 9_007_199_254_740_991])],
          seenUpto: [seenUpto(group, 2, 100)],
        }),
      );
      await commit(h.messages, pair.rows(2));
      expect((await h.statuses(pair.conversationId)).map((row) => row.status)).toEqual([
        'delivered',
        'seen',
        'sent',
        'sent',
      ]);
      expect((await h.cursors(pair.user(1), pair.conversationId)).deliveredSeq).toBe(2);
      expect(await h.cursors(group.user(2), group.conversationId)).toMatchObject({ deliveredSeq: 2, seenSeq: 2 });
      await h.receipts.apply(batch({ delivered: [delivered(pair, 1, 4)] }));
      expect((await h.statuses(pair.conversationId)).map((row) => row.status).slice(2)).toEqual([
        'delivered',
        'delivered',
      ]);
    });

    it('L10 a group has a pair of cursors per member; seen implies delivered', async () => {
      const room = await Room.group(h);
      await commit(h.messages, room.rows(10));
      await h.receipts.apply(
        batch({
          delivered: [delivered(room, 1, 5, T), delivered(room, 2, 8, T + 1)],
          seenUpto: [seenUpto(room, 2, 6, T + 2)],
        }),
      );
      expect(await h.cursors(room.user(1), room.conversationId)).toEqual({
        deliveredSeq: 5,
        deliveredAtUs: T,
        seenSeq: 0,
        seenAtUs: null,
      });
      expect(await h.cursors(room.user(2), room.conversationId)).toEqual({
        deliveredSeq: 8,
        deliveredAtUs: T + 1,
        seenSeq: 6,
        seenAtUs: T + 2,
      });
      await h.receipts.apply(batch({ seenUpto: [seenUpto(room, 1, 7, T + 3), seenUpto(room, 2, 3, T + 3)] }));
      expect(await h.cursors(room.user(1), room.conversationId)).toEqual({
        deliveredSeq: 7,
        deliveredAtUs: T + 3,
        seenSeq: 7,
        seenAtUs: T + 3,
      });
      expect(await h.cursors(room.user(2), room.conversationId)).toMatchObject({ seenSeq: 6, seenAtUs: T + 2 });
      // Only the seen cursor moves, so the delivered one keeps its time.
      await h.receipts.apply(batch({ seenUpto: [seenUpto(room, 2, 7, T + 4)] }));
      expect(await h.cursors(room.user(2), room.conversationId)).toEqual({
        deliveredSeq: 8,
        deliveredAtUs: T + 1,
        seenSeq: 7,
        seenAtUs: T + 4,
      });
    });

    it('takes an empty batch, a long list of seen, and many receipts at once', async () => {
      await h.receipts.apply(batch({}));
      const room = await Room.personal(h);
      const pairs = await Promise.all(Array.from({ length: 150 }, () => Room.personal(h)));
      await commit(h.messages, room.rows(400));
      await commit(
        h.messages,
        pairs.flatMap((pair) => pair.rows(2)),
      );
      const even = Array.from({ length: 200 }, (_, i) => 2 * i + 2);
      await h.receipts.apply(
        batch({
          seen: [seen(room, 1, [...even, ...Array.from({ length: 9_800 }, (_, i) => 1_000 + 2 * i)], T + 1)],
          delivered: pairs.map((pair, i) => delivered(pair, 1, 2, T + i)),
        }),
      );
      const found = await h.statuses(room.conversationId);
      expect(found.filter((row) => row.status === 'seen').map((row) => row.seq)).toEqual(even);
      for (const [i, pair] of pairs.entries()) {
        expect((await h.statuses(pair.conversationId)).map((row) => row.deliveredAtUs)).toEqual([T + i, T + i]);
      }
    }, 60_000);
  });

  receiptUptoContract(name, open);
  receiptOrderContract(name, open);
}
