import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PageRequest } from '../ports/conversation-reader.ts';
import type { MessageId, UserId } from '../types.ts';
import { batch, delivered, seen, seenUpto, T } from './receipt-builders.ts';
import { changed, commit, newUserId, type OpenHarness, Room, refused, type StoreHarness } from './store-harness.ts';
import { summaryContract } from './summary-contract.ts';

/** What every `ConversationReader` must do (G6, G7, G8). */
export function conversationReaderContract(name: string, open: OpenHarness): void {
  summaryContract(name, open);

  describe(`ConversationReader: ${name}`, () => {
    let h: StoreHarness;
    beforeAll(async () => {
      h = await open();
    });
    afterAll(async () => {
      await h.close();
    });

    const send = async (room: Room, count: number, sender = 0): Promise<MessageId[]> =>
      (await commit(h.messages, room.rows(count, { sender }))).map((r) => (r as { messageId: number }).messageId);
    const newUser = async () => (await h.conversations.ensureUser(newUserId(), null)).id;
    const seqs = async (room: Room, request: Partial<PageRequest>): Promise<number[]> => {
      const page = { minSeq: 1, maxSeq: Number.MAX_SAFE_INTEGER, limit: 200, ...request };
      return (await h.reader.page(room.conversationId, page)).map((message) => message.seq);
    };

    it('page gives the newest, those before, those after, in order, within what may be seen', async () => {
      const room = await Room.group(h);
      await send(room, 10);
      expect(await seqs(room, { limit: 3 })).toEqual([8, 9, 10]);
      expect(await seqs(room, { limit: 3, before: 8 })).toEqual([5, 6, 7]);
      expect(await seqs(room, { limit: 3, after: 2 })).toEqual([3, 4, 5]);
      expect(await seqs(room, { limit: 100, after: 0 })).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(await seqs(room, { limit: 5, minSeq: 9 })).toEqual([9, 10]);
      expect(await seqs(room, { limit: 3, maxSeq: 4 })).toEqual([2, 3, 4]);
      expect(await seqs(room, { limit: 3, before: 9, minSeq: 7, maxSeq: 5 })).toEqual([]);
      expect(await seqs(room, { limit: 3, before: 100, maxSeq: 6 })).toEqual([4, 5, 6]);
      expect(await seqs(room, { limit: 3, after: 1, minSeq: 4, maxSeq: 5 })).toEqual([4, 5]);
      for (const nothing of [{ limit: 0 }, { before: 1 }, { after: 10 }, { before: 5, minSeq: 5 }])
        expect(await seqs(room, nothing)).toEqual([]);
      expect(await h.reader.page(999_999_999, { minSeq: 1, maxSeq: 9, limit: 9 })).toEqual([]);
      await refused(seqs(room, { before: 5, after: 2 }));
      await refused(seqs(room, { limit: 201 }));
    });

    it('page shows messages and events as they are stored, with the sender’s present name', async () => {
      const room = await Room.group(h);
      await send(room, 1, 1);
      await changed(h.groups, room.change({ kind: 'rename', name: 'New' }));
      await h.conversations.ensureUser(room.user(1), 'Ọlá 😀');
      const range = { conversationId: room.conversationId, afterSeq: 0, uptoSeq: 9, limit: 9 };
      const [stored] = await h.messages.readRanges([range]);
      expect(stored?.map((message) => [message.senderName, message.isEvent])).toEqual([
        ['Ọlá 😀', false],
        [`User ${room.user(0)}`, true],
      ]);
      expect(await h.reader.page(room.conversationId, { minSeq: 1, maxSeq: 9, limit: 9 })).toEqual(stored);
    });

    it('members are the present ones by user, in pages, with role and cursors', async () => {
      const room = await Room.group(h, 5);
      await send(room, 3);
      await changed(h.groups, room.change({ kind: 'role', userId: room.user(1), role: 'admin' }));
      await changed(h.groups, room.change({ kind: 'remove', userId: room.user(3) }));
      await h.receipts.apply(batch({ delivered: [delivered(room, 1, 3)], seenUpto: [seenUpto(room, 1, 2)] }));
      await h.conversations.ensureUser(room.user(4), 'a\0b');
      const info = (index: number, fields = {}) => {
        const userId = room.user(index);
        return { userId, name: `User ${userId}`, role: 'member', deliveredSeq: 0, seenSeq: 0, ...fields };
      };
      const all = [
        info(0, { role: 'owner' }),
        info(1, { role: 'admin', deliveredSeq: 3, seenSeq: 2 }),
        info(2),
        info(4, { name: 'a\0b' }),
      ];
      const id = room.conversationId;
      expect(await h.reader.members(id, 0, 1_000)).toEqual(all);
      expect(await h.reader.members(id, 0, 2)).toEqual(all.slice(0, 2));
      expect(await h.reader.members(id, room.user(1), 2)).toEqual(all.slice(2));
      expect(await h.reader.members(id, room.user(4), 2)).toEqual([]);
      await refused(h.reader.members(id, 0, 1_001));
    });

    it('G6 cursors are those of the present members, with times, and what was seen one by one', async () => {
      const [pair, group] = [await Room.personal(h), await Room.group(h)];
      const ids = await send(pair, 6);
      await send(pair, 1, 1);
      await send(group, 2);
      await changed(h.groups, group.change({ kind: 'leave' }, { actor: 2 }));
      await h.receipts.apply(
        batch({
          delivered: [delivered(pair, 1, 6, T + 1), delivered(group, 1, 2, T + 2)],
          seenUpto: [seenUpto(pair, 1, 2, T + 3), seenUpto(group, 1, 1, T + 4)],
        }),
      );
      await h.receipts.apply(batch({ seen: [seen(pair, 1, [6, 4], T + 5)] }));
      const none = { deliveredSeq: 0, deliveredAtUs: null, seenSeq: 0, seenAtUs: null, seenExactly: [] };
      const at = (room: Room, user: number) => ({ conversationId: room.conversationId, userId: room.user(user) });
      const expected = [
        { ...none, ...at(pair, 0) },
        {
          ...at(pair, 1),
          ...{ deliveredSeq: 6, deliveredAtUs: T + 1, seenSeq: 2, seenAtUs: T + 3, seenExactly: [ids[3], ids[5]] },
        },
        { ...none, ...at(group, 0) },
        { ...none, ...at(group, 1), deliveredSeq: 2, deliveredAtUs: T + 2, seenSeq: 1, seenAtUs: T + 4 },
      ];
      const both = [group.conversationId, pair.conversationId, 999_999_999, pair.conversationId];
      expect(await h.reader.cursors(both, 10_000)).toEqual(expected);
      expect(await h.reader.cursors(both, 3)).toEqual(expected.slice(0, 3));
      expect(await h.reader.cursors([], 10)).toEqual([]);
      const many = Array.from({ length: 257 }, (_, i) => i + 1);
      await refused(h.reader.cursors(many, 1));
      await refused(h.reader.cursors([1], 10_001));
      // The cursor has come to where it was seen one by one: nothing is left to name.
      await h.receipts.apply(batch({ seenUpto: [seenUpto(pair, 1, 6, T + 6)] }));
      expect((await h.reader.cursors([pair.conversationId], 10))[1]).toMatchObject({ seenSeq: 6, seenExactly: [] });
    });

    it('G8 cursors name at most the newest 1,000 that were seen one by one', async () => {
      const pair = await Room.personal(h);
      const ids: MessageId[] = [];
      for (let part = 0; part < 3; part += 1) ids.push(...(await send(pair, 400)));
      await h.receipts.apply(
        batch({
          seen: [
            seen(
              pair,
              1,
              ids.map((_, index) => index + 1),
            ),
          ],
        }),
      );
      const [, cursor] = await h.reader.cursors([pair.conversationId], 10);
      expect(cursor?.seenExactly).toEqual(ids.slice(-1_000));
    });

    it('G6 messageStatus of a personal message: exact, whether seen one by one or by cursor', async () => {
      const room = await Room.personal(h);
      const [first, second, third] = (await send(room, 3)) as [MessageId, MessageId, MessageId];
      const status = async (id: MessageId) => (await h.reader.messageStatus(id))?.users;
      const userId = room.user(1);
      expect(await h.reader.messageStatus(second)).toEqual({
        conversationId: room.conversationId,
        seq: 2,
        senderId: room.user(0),
        users: [{ userId, status: 'sent', deliveredAtUs: null, seenAtUs: null }],
      });
      await h.receipts.apply(batch({ delivered: [delivered(room, 1, 1, T + 1)] }));
      await h.receipts.apply(batch({ delivered: [delivered(room, 1, 3, T + 2)] }));
      await h.receipts.apply(batch({ seen: [seen(room, 1, [2], T + 3)] }));
      await h.receipts.apply(batch({ seenUpto: [seenUpto(room, 1, 1, T + 4)] }));
      expect(await status(first)).toEqual([{ userId, status: 'seen', deliveredAtUs: T + 1, seenAtUs: T + 4 }]);
      expect(await status(second)).toEqual([{ userId, status: 'seen', deliveredAtUs: T + 2, seenAtUs: T + 3 }]);
      expect(await status(third)).toEqual([{ userId, status: 'delivered', deliveredAtUs: T + 2, seenAtUs: null }]);
      expect(await h.reader.messageStatus(999_999_999)).toBe(null);
    });

    it('G6 G7 messageStatus of a group names who was a member when it was sent, and no one else', async () => {
      const room = await Room.group(h, 4, { history: true });
      const [before] = (await send(room, 1)) as [MessageId];
      await changed(h.groups, room.change({ kind: 'remove', userId: room.user(2) }));
      const late = await newUser();
      const joined = await changed(h.groups, room.change({ kind: 'add', userIds: [late] }));
      room.membersVersion = 3;
      const [after] = (await send(room, 1, 1)) as [MessageId];
      await h.receipts.apply(
        batch({ delivered: [delivered(room, 1, 4, T + 1)], seenUpto: [seenUpto(room, 1, 1, T + 2)] }),
      );
      const sent = (userId: UserId) => ({ userId, status: 'sent', deliveredAtUs: null, seenAtUs: null });
      const ofFirst = (await h.reader.messageStatus(before))?.users;
      expect(ofFirst?.map((user) => user.userId)).toEqual(room.members.slice(1));
      expect(ofFirst?.[0]).toMatchObject({ status: 'seen', seenAtUs: T + 2 });
      expect(ofFirst?.slice(1)).toEqual([sent(room.user(2)), sent(room.user(3))]);
      expect((await h.reader.messageStatus(after))?.users).toEqual([room.user(0), room.user(3), late].map(sent));
      const event = await h.reader.messageStatus(joined.messageId);
      expect(event).toMatchObject({ seq: 3, senderId: room.user(0) });
      expect(event?.users.map((user) => user.userId)).toEqual([room.user(1), room.user(3), late]);
    });

    it('G7 acquainted are who shares a conversation now and has not blocked the user', async () => {
      const [room, small] = [await Room.group(h, 4), await Room.group(h, 2)];
      const [me, friend, blocker, gone] = room.members as [UserId, UserId, UserId, UserId];
      const [penpal, stranger] = [await newUser(), await newUser()];
      await h.conversations.openPersonal(me, penpal);
      await h.conversations.setBlocked(blocker, me, true);
      await h.conversations.setBlocked(me, friend, true);
      await changed(h.groups, room.change({ kind: 'leave' }, { actor: 3 }));
      const all = [me, friend, blocker, gone, penpal, stranger, small.user(0), newUserId()];
      expect(await h.reader.acquainted(me, all)).toEqual(new Set([friend, penpal]));
      expect(await h.reader.acquainted(blocker, all)).toEqual(new Set([me, friend]));
      // Nobody knows somebody by a group that they themselves have left.
      expect(await h.reader.acquainted(gone, all)).toEqual(new Set());
      expect(await h.reader.acquainted(small.user(0), [small.user(1), me])).toEqual(new Set([small.user(1)]));
      await h.conversations.setBlocked(blocker, me, false);
      expect(await h.reader.acquainted(me, all)).toEqual(new Set([friend, penpal, blocker]));
      expect(await h.reader.acquainted(me, [])).toEqual(new Set());
      await refused(
        h.reader.acquainted(
          me,
          Array.from({ length: 101 }, (_, i) => i + 1),
        ),
      );
    });

    it('lastSeen is when users were touched last', async () => {
      const [seenUser, never, absent] = [await newUser(), await newUser(), newUserId()];
      await h.conversations.touchUsers([seenUser], T + 7);
      await h.conversations.touchUsers([seenUser], T);
      expect(await h.reader.lastSeen([never, seenUser, absent, never])).toEqual(
        new Map([
          [never, null],
          [seenUser, T + 7],
        ]),
      );
      expect(await h.reader.lastSeen([])).toEqual(new Map());
      await refused(h.reader.lastSeen(Array.from({ length: 1_001 }, (_, i) => i + 1)));
    });
  });
}
