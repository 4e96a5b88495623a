import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GroupAction, GroupChange } from '../ports/group-store.ts';
import type { GroupEvent, Role, StoredMessage, UserId } from '../types.ts';
import { batch, seenUpto } from './receipt-builders.ts';
import { changed, commit, newUserId, type OpenHarness, Room, refused, type StoreHarness } from './store-harness.ts';

/** What a change of a group does, and what it is refused for (G2, G7). `decideGroupChange` has its own tests for who may do what. */
export function groupChangeContract(name: string, open: OpenHarness): void {
  describe(`group changes: ${name}`, () => {
    let h: StoreHarness;
    beforeAll(async () => {
      h = await open();
    });
    afterAll(async () => {
      await h.close();
    });

    const change = (c: GroupChange) => changed(h.groups, c);
    const newUser = async (): Promise<UserId> => (await h.conversations.ensureUser(newUserId(), null)).id;
    const standing = async (room: Room, userId: UserId) => {
      const found = await h.conversations.membership(userId, room.conversationId);
      if (found === null) return null;
      const { joinedSeq, addedSeq, leftSeq, deliveredSeq, role, membersVersion } = found;
      return { joinedSeq, addedSeq, leftSeq, deliveredSeq, role, membersVersion };
    };
    const present = async (room: Room): Promise<[UserId, Role][]> =>
      (await h.conversations.membersOf([room.conversationId])).map((member) => [member.userId, member.role]);
    const everything = async (room: Room): Promise<StoredMessage[]> => {
      const range = { conversationId: room.conversationId, afterSeq: 0, uptoSeq: 1_000, limit: 1_000 };
      return (await h.messages.readRanges([range]))[0] ?? [];
    };
    /** Refused, and nothing has changed: neither the head nor the members. */
    const isRefused = async (
      room: Room,
      action: GroupAction,
      error: string,
      { unknown, ...fields }: { readonly unknown?: UserId[]; readonly actor?: number; readonly actorId?: UserId } = {},
    ): Promise<void> => {
      const before = [await everything(room), await h.conversations.membersOf([room.conversationId])];
      expect(await h.groups.change(room.change(action, fields))).toEqual(
        unknown === undefined ? { kind: 'refused', error } : { kind: 'refused', error, unknown },
      );
      expect([await everything(room), await h.conversations.membersOf([room.conversationId])]).toEqual(before);
    };

    it('G2 G7 is a numbered event between the messages, which all reads show as what it is', async () => {
      const room = await Room.group(h);
      const [first] = await commit(h.messages, [room.row()]);
      const rename = room.change({ kind: 'rename', name: 'Ọlá 😀' });
      const event: GroupEvent = { kind: 'renamed', group_name: 'Ọlá 😀' };
      const result = await change(rename);
      expect(result).toMatchObject({ kind: 'changed', seq: 2, sentAtUs: rename.atUs, membersVersion: 1, event });
      const [after] = await commit(h.messages, [room.row()]);
      expect([first, after]).toMatchObject([{ seq: 1 }, { seq: 3 }]);
      const [before, stored, last] = await everything(room);
      expect([before?.isEvent, last?.isEvent]).toEqual([false, false]);
      expect(stored).toEqual({
        conversationId: room.conversationId,
        kind: 'group',
        seq: 2,
        messageId: result.messageId,
        senderId: room.user(0),
        senderName: `User ${room.user(0)}`,
        clientId: rename.clientId,
        body: JSON.stringify(event),
        sentAtUs: rename.atUs,
        isEvent: true,
      });
      const place = { conversationId: room.conversationId, kind: 'group', seq: 2, senderId: room.user(0) };
      expect((await h.messages.locate([result.messageId])).get(result.messageId)).toEqual(place);
      expect((await h.messages.heads([room.conversationId])).get(room.conversationId)).toBe(3);
      const { messageId, seq, sentAtUs } = result;
      expect(await h.messages.findByClientId(room.conversationId, room.user(0), rename.clientId)).toEqual({
        ...{ seq, messageId, sentAtUs, body: JSON.stringify(event), isEvent: true },
      });
    });

    it('G7 who is added sees from the event on, has nothing older pending, and is a member', async () => {
      const room = await Room.group(h);
      await commit(h.messages, room.rows(4));
      const [a, b] = [await newUser(), await newUser()];
      const result = await change(room.change({ kind: 'add', userIds: [b, room.user(1), a] }));
      expect(result).toMatchObject({ seq: 5, membersVersion: 2, event: { kind: 'added', user_id: [b, a] } });
      const joined = { joinedSeq: 4, addedSeq: 4, leftSeq: null, deliveredSeq: 4, role: 'member', membersVersion: 2 };
      expect([await standing(room, a), await standing(room, b)]).toEqual([joined, joined]);
      expect(await standing(room, room.user(1))).toMatchObject({ joinedSeq: 0, deliveredSeq: 0 });
      expect((await h.conversations.membershipsOf([a])).map((m) => [m.conversationId, m.head])).toEqual([
        [room.conversationId, 5],
      ]);
      expect((await present(room)).map(([userId]) => userId)).toEqual([...room.members, a, b]);
    });

    it('G7 who is added to a group that shows its history sees it from the beginning, and none of it is pending', async () => {
      const room = await Room.group(h, 2, { history: true });
      await commit(h.messages, room.rows(3));
      const userId = await newUser();
      await change(room.change({ kind: 'add', userIds: [userId] }));
      expect(await standing(room, userId)).toMatchObject({ joinedSeq: 0, addedSeq: 3, leftSeq: null, deliveredSeq: 3 });
    });

    it('G7 who is removed has the event and nothing after it, and is nobody’s member any more', async () => {
      const room = await Room.group(h);
      await commit(h.messages, room.rows(2));
      const userId = room.user(1);
      const result = await change(room.change({ kind: 'remove', userId }));
      expect(result).toMatchObject({ seq: 3, membersVersion: 2, event: { kind: 'removed', user_id: userId } });
      expect(await standing(room, userId)).toMatchObject({ joinedSeq: 0, leftSeq: 3, deliveredSeq: 0 });
      expect((await present(room)).map(([id]) => id)).toEqual([room.user(0), room.user(2)]);
      expect(await h.conversations.membershipsOf([userId])).toEqual([]);
      const pending = (await h.conversations.profilesOf([userId])).get(userId)?.memberships;
      expect(pending).toMatchObject([{ conversationId: room.conversationId, leftSeq: 3, head: 3 }]);
      await h.receipts.apply({
        delivered: [{ userId, conversationId: room.conversationId, kind: 'group', seq: 9, atUs: 1 }],
        seen: [],
        seenUpto: [],
      });
      expect(await standing(room, userId)).toMatchObject({ deliveredSeq: 3 });
      expect((await h.conversations.profilesOf([userId])).get(userId)?.memberships).toEqual([]);
      await isRefused(room, { kind: 'rename', name: 'x' }, 'not_a_member', { actor: 1 });
      await isRefused(room, { kind: 'remove', userId }, 'no_change');
    });

    it('G7 who leaves has left at its own event; the last one may leave too', async () => {
      const room = await Room.group(h, 2);
      await isRefused(room, { kind: 'leave' }, 'last_owner');
      const left = await change(room.change({ kind: 'leave' }, { actor: 1 }));
      expect(left).toMatchObject({ seq: 1, membersVersion: 2, event: { kind: 'left', user_id: room.user(1) } });
      expect(await standing(room, room.user(1))).toMatchObject({ leftSeq: 1 });
      expect(await change(room.change({ kind: 'leave' }))).toMatchObject({ seq: 2, membersVersion: 3 });
      expect(await present(room)).toEqual([]);
      await isRefused(room, { kind: 'add', userIds: [room.user(1)] }, 'not_a_member');
    });

    it('G7 who is added again is a member anew, and sees from there on', async () => {
      const room = await Room.group(h);
      const userId = room.user(1);
      await change(room.change({ kind: 'role', userId, role: 'admin' }));
      await change(room.change({ kind: 'remove', userId }));
      await commit(h.messages, room.rows(2, { membersVersion: 2 }));
      const fresh = await newUser();
      const again = await change(room.change({ kind: 'add', userIds: [userId, fresh, room.user(2)] }));
      expect(again).toMatchObject({ seq: 5, membersVersion: 3, event: { kind: 'added', user_id: [userId, fresh] } });
      const joined = { joinedSeq: 4, addedSeq: 4, leftSeq: null, deliveredSeq: 4, role: 'member', membersVersion: 3 };
      expect([await standing(room, userId), await standing(room, fresh)]).toEqual([joined, joined]);
      expect(await change(room.change({ kind: 'leave' }, { actor: 1 }))).toMatchObject({ seq: 6 });
      expect(await standing(room, userId)).toMatchObject({ joinedSeq: 4, leftSeq: 6 });
    });

    it('G6 who is added again has nothing yet, whatever it had before: what was sent meanwhile was delivered to nobody', async () => {
      const room = await Room.group(h);
      await commit(h.messages, room.rows(1));
      await h.receipts.apply(batch({ seenUpto: [seenUpto(room, 1, 1)] }));
      await change(room.change({ kind: 'remove', userId: room.user(1) }));
      await change(room.change({ kind: 'add', userIds: [room.user(1)] }));
      const none = { deliveredAtUs: null, seenAtUs: null };
      expect(await h.cursors(room.user(1), room.conversationId)).toMatchObject({
        deliveredSeq: 2,
        seenSeq: 1,
        ...none,
      });
    });

    it('G7 roles and transfer change who may do what, and not the members’ version', async () => {
      const room = await Room.group(h, 4);
      const [owner, admin, member, other] = room.members as [UserId, UserId, UserId, UserId];
      await isRefused(room, { kind: 'rename', name: 'x' }, 'not_allowed', { actor: 1 });
      const role = await change(room.change({ kind: 'role', userId: admin, role: 'admin' }));
      expect(role).toMatchObject({ seq: 1, membersVersion: 1, event: { kind: 'role', user_id: admin, role: 'admin' } });
      await change(room.change({ kind: 'rename', name: 'x' }, { actor: 1 }));
      await isRefused(room, { kind: 'role', userId: member, role: 'admin' }, 'not_allowed', { actor: 1 });
      await isRefused(room, { kind: 'remove', userId: owner }, 'not_allowed', { actor: 1 });
      const transfer = await change(room.change({ kind: 'transfer', userId: member }));
      expect(transfer.event).toEqual({ kind: 'transferred', user_id: member, from: owner });
      expect(transfer.membersVersion).toBe(1);
      expect(await present(room)).toEqual([
        [owner, 'admin'],
        [admin, 'admin'],
        [member, 'owner'],
        [other, 'member'],
      ]);
      await isRefused(room, { kind: 'leave' }, 'last_owner', { actor: 2 });
      await isRefused(room, { kind: 'role', userId: member, role: 'member' }, 'last_owner', { actor: 2 });
      await isRefused(room, { kind: 'transfer', userId: owner }, 'not_allowed');
      await change(room.change({ kind: 'role', userId: other, role: 'owner' }, { actor: 2 }));
      await change(room.change({ kind: 'leave' }, { actor: 2 }));
    });

    it('renames and describes; the texts come back as they were', async () => {
      const room = await Room.group(h);
      const texts = { name: 'a\0b \'"\\ Ọlá 😀', description: 'x'.repeat(4_000) };
      await change(room.change({ kind: 'rename', name: texts.name }));
      const described = await change(room.change({ kind: 'describe', description: texts.description }));
      expect(described.event).toEqual({ kind: 'described', description: texts.description });
      const selection = { ids: [room.conversationId] };
      expect(await h.reader.summaries(room.user(1), selection)).toMatchObject([texts]);
      await isRefused(room, { kind: 'rename', name: texts.name }, 'no_change');
      await isRefused(room, { kind: 'describe', description: texts.description }, 'no_change');
    });

    it('L13 G7 refuses who is unknown, who does not belong, and what is no group; nothing is stored', async () => {
      const room = await Room.group(h);
      const [known, unknown, stranger] = [await newUser(), newUserId(), await newUser()];
      await isRefused(room, { kind: 'add', userIds: [known, unknown] }, 'unknown_member', { unknown: [unknown] });
      await isRefused(room, { kind: 'add', userIds: [...room.members] }, 'no_change');
      await isRefused(room, { kind: 'transfer', userId: stranger }, 'unknown_member', { unknown: [stranger] });
      await isRefused(room, { kind: 'role', userId: stranger, role: 'admin' }, 'unknown_member', {
        unknown: [stranger],
      });
      await isRefused(room, { kind: 'leave' }, 'not_a_member', { actorId: stranger });
      const pair = await Room.personal(h);
      await isRefused(pair, { kind: 'leave' }, 'wrong_conversation_type');
      await isRefused(pair, { kind: 'leave' }, 'not_a_member', { actorId: stranger });
      const nowhere = room.change({ kind: 'leave' }, { conversationId: 999_999_999 });
      expect(await h.groups.change(nowhere)).toEqual({ kind: 'refused', error: 'not_a_member' });
      expect(await commit(h.messages, [room.row()])).toMatchObject([{ seq: 1 }]);
    });

    it('G8 a group has at most 1,000 members, a change at most 100 users', async () => {
      const room = await Room.group(h, 998);
      const users = [await newUser(), await newUser(), await newUser()];
      await isRefused(room, { kind: 'add', userIds: users }, 'group_full');
      await change(room.change({ kind: 'add', userIds: [...users.slice(0, 2), room.user(5)] }));
      await isRefused(room, { kind: 'add', userIds: users }, 'group_full');
      await change(room.change({ kind: 'leave' }, { actor: 5 }));
      await change(room.change({ kind: 'add', userIds: users }));
      const many = Array.from({ length: 101 }, (_, i) => i + 1);
      await refused(h.groups.change(room.change({ kind: 'add', userIds: many })));
      await refused(h.groups.change(room.change({ kind: 'leave' }, { clientId: '' })));
    });
  });
}
