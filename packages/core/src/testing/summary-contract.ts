import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batch, delivered, seen, seenUpto } from './receipt-builders.ts';
import { changed, commit, newUserId, type OpenHarness, Room, refused, type StoreHarness } from './store-harness.ts';

/** `ConversationReader.summaries`. */
export function summaryContract(name: string, open: OpenHarness): void {
  describe(`summaries: ${name}`, () => {
    let h: StoreHarness;
    beforeAll(async () => {
      h = await open();
    });
    afterAll(async () => {
      await h.close();
    });

    const newUser = async () => (await h.conversations.ensureUser(newUserId(), null)).id;
    const of = async (room: Room, user: number) =>
      (await h.reader.summaries(room.user(user), { ids: [room.conversationId] }))[0];
    const unread = async (room: Room, user: number) => (await of(room, user))?.unread;
    const lastOf = async (room: Room, seq: number) => {
      const range = { conversationId: room.conversationId, afterSeq: seq - 1, uptoSeq: seq, limit: 1 };
      return (await h.messages.readRanges([range]))[0]?.[0];
    };

    it('show a personal conversation with its peer, head, last message and cursors', async () => {
      const room = await Room.personal(h);
      const empty = {
        conversationId: room.conversationId,
        kind: 'personal',
        name: '',
        description: '',
        peer: { userId: room.user(0), name: `User ${room.user(0)}`, blocked: false },
        members: 2,
        role: 'member',
        head: 0,
        firstSeq: 1,
        unread: 0,
        deliveredSeq: 0,
        seenSeq: 0,
        history: false,
        last: null,
        left: false,
      };
      expect(await of(room, 1)).toEqual(empty);
      await commit(h.messages, [...room.rows(4), room.row({ sender: 1 })]);
      await h.receipts.apply(batch({ delivered: [delivered(room, 1, 3)], seenUpto: [seenUpto(room, 1, 1)] }));
      await h.conversations.ensureUser(room.user(0), 'Ọlá\0 😀');
      await h.conversations.setBlocked(room.user(1), room.user(0), true);
      const last = await lastOf(room, 5);
      expect(last?.body).toMatch(/^body/);
      expect(await of(room, 1)).toEqual({
        ...empty,
        peer: { userId: room.user(0), name: 'Ọlá\0 😀', blocked: true },
        ...{ head: 5, unread: 3, deliveredSeq: 3, seenSeq: 1, last },
      });
      // Who is blocked is not told.
      expect(await of(room, 0)).toMatchObject({ peer: { userId: room.user(1), blocked: false } });
    });

    it('G7 show a group to who joined late, to who shows history, and to who has left', async () => {
      const [plain, open_] = [await Room.group(h, 3), await Room.group(h, 3, { history: true })];
      const late = await newUser();
      for (const room of [plain, open_]) {
        await commit(h.messages, room.rows(4));
        await changed(h.groups, room.change({ kind: 'add', userIds: [late] }));
        await changed(h.groups, room.change({ kind: 'remove', userId: room.user(1) }));
        room.membersVersion = 3;
        await commit(h.messages, room.rows(2));
      }
      const ids = [plain.conversationId, open_.conversationId];
      const common = { kind: 'group', peer: null, members: 3, role: 'member', name: 'G', head: 8, left: false };
      expect(await h.reader.summaries(late, { ids })).toMatchObject([
        { ...common, history: false, firstSeq: 5, unread: 2, deliveredSeq: 4, seenSeq: 0, last: { seq: 8 } },
        { ...common, history: true, firstSeq: 1, unread: 2, deliveredSeq: 4, seenSeq: 0, last: { seq: 8 } },
      ]);
      expect(await of(plain, 1)).toMatchObject({ head: 6, left: true, unread: 4, members: 3 });
      expect((await of(plain, 1))?.last).toEqual(await lastOf(plain, 6));
      expect((await of(plain, 1))?.last).toMatchObject({ isEvent: true });
      expect(await of(plain, 0)).toMatchObject({ role: 'owner', unread: 0 });
    });

    it('G7 show a group that was left as it was then: its later names and members are nobody’s business', async () => {
      const room = await Room.group(h, 4);
      await changed(h.groups, room.change({ kind: 'rename', name: 'Then 😀' }));
      await changed(h.groups, room.change({ kind: 'describe', description: 'of then' }));
      const [gone, left] = [room.user(1), room.user(2)];
      await changed(h.groups, room.change({ kind: 'remove', userId: gone }));
      await changed(h.groups, { ...room.change({ kind: 'leave' }), actorId: left });
      await changed(h.groups, room.change({ kind: 'rename', name: 'Now' }));
      await changed(h.groups, room.change({ kind: 'describe', description: 'of now' }));
      await changed(h.groups, room.change({ kind: 'add', userIds: [await newUser()] }));
      const then = { name: 'Then 😀', description: 'of then', left: true };
      expect(await of(room, 1)).toMatchObject({ ...then, members: 3 });
      expect(await of(room, 2)).toMatchObject({ ...then, members: 2 });
      const now = { name: 'Now', description: 'of now', left: false };
      expect(await of(room, 0)).toMatchObject({ ...now, members: 3 });
      await changed(h.groups, room.change({ kind: 'add', userIds: [gone] }));
      for (const user of [0, 1]) expect(await of(room, user)).toMatchObject({ ...now, members: 4 });
      expect(await of(room, 2)).toMatchObject({ ...then, members: 2 });
    });

    it('unread counts messages of others above the cursor, not events, not what was seen one by one', async () => {
      const [group, pair] = [await Room.group(h), await Room.personal(h)];
      await commit(h.messages, [...group.rows(3), group.row({ sender: 1 }), group.row({ sender: 2 })]);
      await changed(h.groups, group.change({ kind: 'rename', name: 'New' }));
      expect([await unread(group, 0), await unread(group, 1), await unread(group, 2)]).toEqual([2, 4, 4]);
      await h.receipts.apply(batch({ seenUpto: [seenUpto(group, 1, 2)] }));
      expect(await unread(group, 1)).toBe(2);
      await commit(h.messages, pair.rows(5));
      await h.receipts.apply(batch({ seen: [seen(pair, 1, [2, 5])] }));
      expect([await unread(pair, 0), await unread(pair, 1)]).toEqual([0, 3]);
    });

    it('G8 unread says 1,000 for more, and looks at a bounded number of messages', async () => {
      const room = await Room.group(h);
      for (let part = 0; part < 3; part += 1) await commit(h.messages, room.rows(400));
      expect(await unread(room, 1)).toBe(1_000);
      expect(await unread(room, 0)).toBe(0);
      for (let part = 0; part < 4; part += 1) await commit(h.messages, room.rows(450, { sender: 1 }));
      expect(await unread(room, 1)).toBe(200);
      await commit(h.messages, room.rows(1));
      expect(await unread(room, 1)).toBe(200);
      expect(await unread(room, 0)).toBe(1_000);
    });

    it('come by conversation, in pages or as asked for, of the user’s own conversations only', async () => {
      const me = await newUser();
      const ids: number[] = [];
      for (let index = 0; index < 5; index += 1) {
        const opened = await h.conversations.openPersonal(me, await newUser());
        if (opened.ok) ids.push(opened.conversationId);
      }
      const foreign = await Room.group(h);
      const older = await Room.group(h);
      const list = async (selection: Parameters<typeof h.reader.summaries>[1]) =>
        (await h.reader.summaries(me, selection)).map((summary) => summary.conversationId);
      expect(await list({ afterId: 0, limit: 100 })).toEqual(ids);
      expect(await list({ afterId: 0, limit: 2 })).toEqual(ids.slice(0, 2));
      expect(await list({ afterId: ids[1] as number, limit: 2 })).toEqual(ids.slice(2, 4));
      expect(await list({ afterId: ids[4] as number, limit: 2 })).toEqual([]);
      await changed(h.groups, older.change({ kind: 'add', userIds: [me] }));
      expect(await list({ afterId: 0, limit: 100 })).toEqual([...ids, older.conversationId].sort((a, b) => a - b));
      const asked = [ids[3] as number, foreign.conversationId, ids[0] as number, 999_999_999, ids[3] as number];
      expect(await list({ ids: asked })).toEqual([ids[0], ids[3]]);
      expect(await list({ ids: [] })).toEqual([]);
      await refused(list({ afterId: 0, limit: 101 }));
      await refused(list({ ids: Array.from({ length: 101 }, (_, i) => i + 1) }));
    });
  });
}
