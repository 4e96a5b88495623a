import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusChange } from '../ports/receipt-store.ts';
import { batch, delivered, seen, seenUpto, T } from './receipt-builders.ts';
import { changed, commit, newUserId, type OpenHarness, Room, type StoreHarness } from './store-harness.ts';

/** Cursors of personal conversations, and what `apply` says has moved (G6). */
export function receiptUptoContract(name: string, open: OpenHarness): void {
  describe(`cursors and changes: ${name}`, () => {
    let h: StoreHarness;
    beforeAll(async () => {
      h = await open();
    });
    afterAll(async () => {
      await h.close();
    });

    const pairWith = async (count: number): Promise<{ room: Room; ids: number[] }> => {
      const room = await Room.personal(h);
      const results = await commit(h.messages, room.rows(count));
      return { room, ids: results.map((result) => (result.kind === 'stored' ? result.messageId : 0)) };
    };
    const short = async (room: Room): Promise<string[]> =>
      (await h.statuses(room.conversationId)).map(
        ({ status, deliveredAtUs, seenAtUs }) =>
          `${status} ${deliveredAtUs === null ? '-' : deliveredAtUs - T} ${seenAtUs === null ? '-' : seenAtUs - T}`,
      );
    const change = (room: Room, user: number, parts: Partial<StatusChange>): StatusChange => ({
      ...{ userId: room.user(user), conversationId: room.conversationId, kind: room.kind },
      peerId: room.kind === 'personal' ? room.user(1 - user) : null,
      ...{ deliveredSeq: 0, deliveredAtUs: null, seenSeq: 0, seenAtUs: null },
      ...{ previousDeliveredSeq: 0, previousSeenSeq: 0, seenMessageIds: [] },
      ...parts,
    });

    it('G6 each message has the time of the move that passed it', async () => {
      const { room } = await pairWith(6);
      for (const [at, seq] of [2, 3, 5].entries()) {
        await h.receipts.apply(batch({ delivered: [delivered(room, 1, seq, T + at)] }));
      }
      await h.receipts.apply(batch({ seenUpto: [seenUpto(room, 1, 1, T + 10)] }));
      await h.receipts.apply(batch({ seenUpto: [seenUpto(room, 1, 4, T + 11)] }));
      expect(await short(room)).toEqual([
        'seen 0 10',
        'seen 0 11',
        'seen 1 11',
        'seen 2 11',
        'delivered 2 -',
        'sent - -',
      ]);
    });

    it('G6 seen up to a message implies that it was delivered then, and later receipts leave its times alone', async () => {
      const { room } = await pairWith(4);
      expect(await h.receipts.apply(batch({ seenUpto: [seenUpto(room, 1, 2, T)] }))).toEqual([
        change(room, 1, { deliveredSeq: 2, deliveredAtUs: T, seenSeq: 2, seenAtUs: T }),
      ]);
      await h.receipts.apply(batch({ delivered: [delivered(room, 1, 1, T + 1), delivered(room, 1, 3, T + 1)] }));
      await h.receipts.apply(batch({ seenUpto: [seenUpto(room, 1, 4, T + 2)] }));
      expect(await short(room)).toEqual(['seen 0 0', 'seen 0 0', 'seen 1 2', 'seen 2 2']);
      expect(await h.cursors(room.user(1), room.conversationId)).toEqual({
        ...{ deliveredSeq: 4, deliveredAtUs: T + 2, seenSeq: 4, seenAtUs: T + 2 },
      });
    });

    it('G6 of what one call says of a message, the first counts: it was delivered when it was seen, at the latest', async () => {
      const { room } = await pairWith(5);
      await h.receipts.apply(
        batch({
          delivered: [delivered(room, 1, 4, T + 5)],
          seen: [seen(room, 1, [3], T + 9), seen(room, 1, [4], T + 3)],
          seenUpto: [seenUpto(room, 1, 2, T + 1)],
        }),
      );
      expect(await short(room)).toEqual(['seen 1 1', 'seen 1 1', 'seen 5 9', 'seen 3 3', 'sent - -']);
    });

    it('L7 what was seen one by one stays so below and above a cursor, with its own time', async () => {
      const { room, ids } = await pairWith(6);
      expect(await h.receipts.apply(batch({ seen: [seen(room, 1, [2, 5], T)] }))).toEqual([
        change(room, 1, { seenMessageIds: [ids[1] as number, ids[4] as number] }),
      ]);
      expect(await h.receipts.apply(batch({ seenUpto: [seenUpto(room, 1, 3, T + 1)] }))).toEqual([
        change(room, 1, { deliveredSeq: 3, deliveredAtUs: T + 1, seenSeq: 3, seenAtUs: T + 1 }),
      ]);
      // What the cursor has passed is seen: nothing to mark, nothing to tell.
      expect(await h.receipts.apply(batch({ seen: [seen(room, 1, [1, 2, 3], T + 2)] }))).toEqual([]);
      expect(await short(room)).toEqual(['seen 1 1', 'seen 0 0', 'seen 1 1', 'sent - -', 'seen 0 0', 'sent - -']);
    });

    it('tells of all that moved in one change per member and conversation, with where it stood before', async () => {
      const { room, ids } = await pairWith(6);
      const group = await Room.group(h);
      await commit(h.messages, group.rows(4));
      const { receipts } = h;
      await receipts.apply(
        batch({ delivered: [delivered(room, 1, 2, T), delivered(group, 1, 1, T), delivered(group, 2, 2, T)] }),
      );
      const told = await receipts.apply(
        batch({
          delivered: [delivered(room, 1, 4, T + 1), delivered(group, 1, 3, T + 1), delivered(group, 2, 2, T + 1)],
          seen: [seen(room, 1, [6], T + 1)],
          seenUpto: [seenUpto(room, 1, 3, T + 1), seenUpto(group, 1, 2, T + 1)],
        }),
      );
      expect(told).toHaveLength(2);
      expect(told).toEqual(
        expect.arrayContaining([
          change(room, 1, {
            ...{ deliveredSeq: 4, deliveredAtUs: T + 1, previousDeliveredSeq: 2, seenSeq: 3, seenAtUs: T + 1 },
            seenMessageIds: [ids[5] as number],
          }),
          change(group, 1, {
            ...{ deliveredSeq: 3, deliveredAtUs: T + 1, previousDeliveredSeq: 1, seenSeq: 2, seenAtUs: T + 1 },
          }),
        ]),
      );
    });

    it('tells nothing of what moves nothing: a repeat, the head, a stranger, the sender’s own messages', async () => {
      const { room } = await pairWith(3);
      const stranger = await Room.personal(h);
      const call = batch({ delivered: [delivered(room, 1, 3, T)], seen: [seen(room, 1, [1], T)] });
      expect(await h.receipts.apply(call)).toHaveLength(1);
      expect(await h.receipts.apply(call)).toEqual([]);
      const foreign = { userId: stranger.user(0) };
      expect(
        await h.receipts.apply(
          batch({
            delivered: [{ ...delivered(room, 1, 3), ...foreign }, delivered(stranger, 0, 9)],
            seen: [seen(room, 0, [1, 2, 3]), { ...seen(room, 1, [2]), ...foreign }],
            seenUpto: [
              { ...seenUpto(room, 1, 3), ...foreign },
              { ...seenUpto(room, 1, 3), conversationId: 999_999 },
            ],
          }),
        ),
      ).toEqual([]);
      expect(await short(room)).toEqual(['seen 0 0', 'delivered 0 -', 'delivered 0 -']);
    });

    it('tells a call that is made again of all it named, whoever had moved it, and writes nothing twice', async () => {
      const { room, ids } = await pairWith(6);
      const quiet = await Room.personal(h);
      const call = batch({
        delivered: [delivered(room, 1, 4, T), delivered(quiet, 1, 3, T)],
        seen: [seen(room, 1, [2, 5], T)],
      });
      await h.receipts.apply(call);
      const before = await short(room);
      const again = { ...call, again: true };
      const stands = { deliveredSeq: 4, deliveredAtUs: T, seenMessageIds: [ids[1] as number, ids[4] as number] };
      expect(await h.receipts.apply(again)).toEqual([change(room, 1, stands)]);
      // More has happened since the first call: what is told is what is true now.
      await h.receipts.apply(batch({ seenUpto: [seenUpto(room, 1, 3, T + 5)] }));
      expect(await h.receipts.apply(again)).toEqual([
        change(room, 1, { ...stands, seenSeq: 3, seenAtUs: T + 5, seenMessageIds: [ids[4] as number] }),
      ]);
      expect((await short(room)).slice(3)).toEqual(before.slice(3));
    });

    it('G6 a clock that is behind does not make a status older than one that was told before', async () => {
      const { room } = await pairWith(3);
      await h.receipts.apply(batch({ delivered: [delivered(room, 1, 1, T + 100)] }));
      await h.receipts.apply(batch({ delivered: [delivered(room, 1, 2, T + 40)], seen: [seen(room, 1, [1], T + 50)] }));
      await h.receipts.apply(batch({ seenUpto: [seenUpto(room, 1, 3, T + 60)] }));
      expect(await short(room)).toEqual(['seen 100 100', 'seen 100 100', 'seen 100 100']);
    });

    it('G6 G7 who was added later has seen nothing of what was before, but where the group shows it', async () => {
      for (const history of [false, true]) {
        const group = await Room.group(h, 2, { history });
        await commit(h.messages, group.rows(3));
        const { id: userId } = await h.conversations.ensureUser(newUserId(), null);
        await changed(h.groups, group.change({ kind: 'add', userIds: [userId] }));
        const seenBy = async (seq: number) => {
          const { conversationId } = group;
          const receipt = { userId, conversationId, kind: 'group', seq, atUs: T } as const;
          return (await h.receipts.apply(batch({ seenUpto: [receipt] }))).map(({ seenSeq }) => seenSeq);
        };
        expect(await seenBy(3)).toEqual(history ? [3] : []);
        expect(await seenBy(4)).toEqual([4]);
      }
    });

    it('takes what a member that left has had until then, and no more', async () => {
      const group = await Room.group(h);
      await commit(h.messages, group.rows(3));
      await h.removeMember(group.conversationId, group.user(1));
      await commit(h.messages, group.rows(2, { membersVersion: 2 }));
      expect(await h.receipts.apply(batch({ seenUpto: [seenUpto(group, 1, 5, T)] }))).toEqual([
        change(group, 1, { deliveredSeq: 3, deliveredAtUs: T, seenSeq: 3, seenAtUs: T }),
      ]);
    });
  });
}
