import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InitResult } from '../ports/conversation-store.ts';
import type { ConversationId, UserId } from '../types.ts';
import {
  appendRetrying,
  changed,
  commit,
  newUserId,
  type OpenHarness,
  Room,
  refused,
  type StoreHarness,
} from './store-harness.ts';

const CONFLICT = { ok: false, conflict: true };

/** Inits that carry a client id (G3), blocks, and the profiles that a node serves its users by. */
export function initContract(name: string, open: OpenHarness): void {
  describe(`inits, blocks and profiles: ${name}`, () => {
    let h: StoreHarness;
    beforeAll(async () => {
      h = await open();
    });
    afterAll(async () => {
      await h.close();
    });

    const newUsers = async (count: number): Promise<UserId[]> => {
      const ids = Array.from({ length: count }, newUserId);
      await h.conversations.ensureUsers(ids);
      return ids;
    };
    const pair = async () => (await newUsers(2)) as [UserId, UserId];
    const nodes = () => Promise.all(Array.from({ length: 4 }, () => h.another()));
    const done = (result: InitResult) => {
      if (!result.ok) throw new Error('refused');
      return result;
    };
    const countOf = async (userId: UserId) => (await h.conversations.membershipsOf([userId])).length;

    it('G3 L12 a repeated init_personal has the first answer, on another node; another request is a conflict', async () => {
      const [a, b] = await pair();
      const [c] = (await newUsers(1)) as [UserId];
      const request = { userId: a, clientId: 'first', digest: 'x'.repeat(64) };
      const first = done(await h.conversations.openPersonal(a, b, request));
      expect(first).toMatchObject({ created: true, duplicate: false });
      const other = await h.another();
      expect(await other.conversations.openPersonal(b, a, request)).toEqual({ ...first, duplicate: true });
      expect(await other.conversations.openPersonal(a, c, { ...request, digest: 'y' })).toEqual(CONFLICT);
      expect(await countOf(c)).toBe(0);
      // Another request for the pair: there is one conversation, and that is its first answer for good.
      const second = { ...request, clientId: 'second' };
      const found = { ok: true, conversationId: first.conversationId, created: false };
      expect(await h.conversations.openPersonal(a, b, second)).toEqual({ ...found, duplicate: false });
      expect(await h.conversations.openPersonal(a, b, second)).toEqual({ ...found, duplicate: true });
      // The other one's client ids are its own; case and spaces count.
      for (const mine of [
        { ...request, userId: b },
        { ...request, clientId: 'First' },
        { ...request, clientId: 'first ' },
      ])
        expect(await h.conversations.openPersonal(a, b, mine)).toEqual({ ...found, duplicate: false });
      await refused(h.conversations.openPersonal(a, b, { ...request, userId: c }));
      await refused(h.conversations.openPersonal(a, b, { ...request, clientId: '' }));
      await refused(h.conversations.openPersonal(a, b, { ...request, digest: 'x'.repeat(65) }));
    });

    it('G3 L5 a repeated init_group makes one group, also from several nodes at once', async () => {
      const memberIds = await newUsers(3);
      const [creatorId] = memberIds as [UserId];
      const four = await nodes();
      const ids = new Set<ConversationId>();
      for (let round = 0; round < 10; round += 1) {
        const request = { userId: creatorId, clientId: `group-${round}`, digest: 'd' };
        const group = { creatorId, memberIds, name: `${round}`, description: '', history: round % 2 === 0, request };
        const results = await Promise.all(four.map(async (node) => done(await node.conversations.createGroup(group))));
        expect(results.filter((result) => !result.duplicate)).toHaveLength(1);
        expect(results.every((result) => result.created)).toBe(true);
        expect(new Set(results.map((result) => result.conversationId)).size).toBe(1);
        ids.add(results[0]?.conversationId as ConversationId);
        const other = { ...group, request: { ...request, digest: 'e' } };
        expect(await h.conversations.createGroup(other)).toEqual(CONFLICT);
      }
      expect(ids.size).toBe(10);
      expect(await countOf(creatorId)).toBe(10);
      const shown = await h.reader.summaries(creatorId, { ids: [...ids] });
      expect(shown.map((summary) => [summary.name, summary.history])).toEqual(
        Array.from({ length: 10 }, (_, round) => [`${round}`, round % 2 === 0]),
      );
    }, 60_000);

    it('G3 one client id for two inits at once: one is answered, the other is a conflict', async () => {
      const four = await nodes();
      for (let round = 0; round < 8; round += 1) {
        const memberIds = await newUsers(3);
        const [a, b, c] = memberIds as [UserId, UserId, UserId];
        const request = (digest: string) => ({ userId: a, clientId: 'same', digest });
        const group = { creatorId: a, memberIds, name: 'G', description: '', request: request('group') };
        const results = await Promise.all([
          four[0]?.conversations.openPersonal(a, b, request('b')),
          four[1]?.conversations.createGroup(group),
          four[2]?.conversations.openPersonal(c, a, request('c')),
          four[3]?.conversations.openPersonal(b, a, request('b')),
        ]);
        const answered = results.flatMap((result) => (result?.ok ? [result] : []));
        expect(new Set(answered.map((result) => result.conversationId)).size).toBe(1);
        expect(answered.filter((result) => !result.duplicate)).toHaveLength(1);
        expect(results.filter((result) => result?.ok === false)).toEqual(
          Array.from({ length: 4 - answered.length }, () => CONFLICT),
        );
        expect(await countOf(a)).toBe(1);
      }
    }, 60_000);

    it('L13 G3 an init that was refused leaves its client id free', async () => {
      const [a, b] = [newUserId(), newUserId()];
      await h.conversations.ensureUser(a, null);
      const request = { userId: a, clientId: 'c', digest: 'd' };
      expect(await h.conversations.openPersonal(a, b, request)).toEqual({ ok: false, unknown: [b] });
      await h.conversations.ensureUser(b, null);
      expect(await h.conversations.openPersonal(a, b, request)).toMatchObject({ created: true, duplicate: false });
    });

    it('G7 blocking opens the conversation, marks the blocked one only, and makes old checks stale', async () => {
      const [a, b] = await pair();
      const opened = done(await h.conversations.setBlocked(a, b, true));
      expect(opened).toMatchObject({ created: true, duplicate: false });
      const { conversationId } = opened;
      const blocked = async (userId: UserId) => {
        const [of, one] = [
          (await h.conversations.membershipsOf([userId]))[0],
          await h.conversations.membership(userId, conversationId),
        ];
        expect(of).toEqual(one);
        return [one?.blocked, one?.membersVersion];
      };
      expect([await blocked(a), await blocked(b)]).toEqual([
        [false, 2],
        [true, 2],
      ]);
      expect(await h.conversations.setBlocked(a, b, true)).toEqual({ ...opened, created: false });
      expect(await blocked(b)).toEqual([true, 2]);
      await h.conversations.setBlocked(b, a, true);
      await h.conversations.setBlocked(a, b, false);
      expect([await blocked(a), await blocked(b)]).toEqual([
        [true, 4],
        [false, 4],
      ]);
      expect(await h.conversations.setBlocked(a, newUserId(), true)).toMatchObject({ ok: false });
      await refused(h.conversations.setBlocked(a, a, true));
    });

    it('G7 a sender that was checked before it was blocked is stale, on every node', async () => {
      const room = await Room.personal(h);
      const other = await h.another();
      await commit(other.messages, [room.row()]);
      await h.conversations.setBlocked(room.user(1), room.user(0), true);
      expect(await appendRetrying(other.messages, [room.row()])).toMatchObject({ kind: 'stale' });
      expect(await other.conversations.membership(room.user(0), room.conversationId)).toMatchObject({ blocked: true });
    });

    it('G7 blocks and unblocks at once: the flag and the version agree', async () => {
      const [a, b] = await pair();
      const four = await nodes();
      const { conversationId } = done(await h.conversations.openPersonal(a, b));
      await Promise.all(Array.from({ length: 40 }, (_, i) => four[i % 4]?.conversations.setBlocked(a, b, i % 3 !== 0)));
      const found = await h.conversations.membership(b, conversationId);
      // Each change flips the flag and adds one; nothing else adds any.
      expect(found?.blocked).toBe((found?.membersVersion ?? 0) % 2 === 0);
      expect(found?.membersVersion).toBeGreaterThan(1);
    }, 60_000);

    it('profilesOf has the users that exist, with what is present and what is still pending', async () => {
      const [group, room, left] = [await Room.group(h), await Room.group(h, 4), await Room.group(h)];
      const me = room.user(3);
      await changed(h.groups, group.change({ kind: 'add', userIds: [me] }));
      await changed(h.groups, left.change({ kind: 'add', userIds: [me] }));
      await commit(h.messages, left.rows(2, { membersVersion: 2 }));
      await changed(h.groups, left.change({ kind: 'remove', userId: me }));
      const personal = done(await h.conversations.openPersonal(me, group.user(0)));
      await h.conversations.ensureUser(me, 'Ọlá\0 😀');
      const [lonely, absent] = [(await newUsers(1))[0] as UserId, newUserId()];
      const profiles = await h.conversations.profilesOf([lonely, me, absent, me, group.user(1)]);
      expect(new Set(profiles.keys())).toEqual(new Set([lonely, me, group.user(1)]));
      expect(profiles.get(lonely)).toEqual({ name: `User ${lonely}`, memberships: [] });
      const mine = profiles.get(me);
      expect(mine?.name).toBe('Ọlá\0 😀');
      const ids = [group.conversationId, room.conversationId, left.conversationId, personal.conversationId];
      expect(mine?.memberships.map((m) => m.conversationId)).toEqual([...ids].sort((a, b) => a - b));
      for (const membership of mine?.memberships ?? [])
        expect(membership).toEqual(await h.conversations.membership(me, membership.conversationId));
      const departed = mine?.memberships.find((m) => m.conversationId === left.conversationId);
      expect(departed).toMatchObject({ joinedSeq: 0, deliveredSeq: 0, leftSeq: 4, head: 4 });
      expect(profiles.get(group.user(1))?.memberships).toMatchObject([{ conversationId: group.conversationId }]);
      expect(await h.conversations.profilesOf([])).toEqual(new Map());
      await refused(h.conversations.profilesOf(Array.from({ length: 257 }, (_, i) => i + 1)));
    });

    it('G3 findByClientId finds what was sent, also when its sender has left', async () => {
      const room = await Room.group(h);
      const row = room.row({ sender: 1, body: 'a\0b 😀' });
      const [stored] = await commit(h.messages, [row]);
      if (stored?.kind !== 'stored') throw new Error('not stored');
      await changed(h.groups, room.change({ kind: 'leave' }, { actor: 1 }));
      const { seq, messageId, sentAtUs } = stored;
      const find = (senderId: UserId, clientId: string, id = room.conversationId) =>
        h.messages.findByClientId(id, senderId, clientId);
      const first = { seq, messageId, sentAtUs, body: row.body, isEvent: false };
      expect(await find(room.user(1), row.clientId)).toEqual(first);
      expect(await find(room.user(0), row.clientId)).toBe(null);
      expect(await find(room.user(1), row.clientId.toUpperCase())).toBe(null);
      expect(await find(room.user(1), row.clientId, 999_999_999)).toBe(null);
    });
  });
}
