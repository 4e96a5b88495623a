import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commit, newUserId, type OpenHarness, Room, refused, type StoreHarness } from './store-harness.ts';

/** What every `ConversationStore` must do (L5, L12, L13, G7). */
export function conversationStoreContract(name: string, open: OpenHarness): void {
  describe(`ConversationStore: ${name}`, () => {
    let h: StoreHarness;
    beforeAll(async () => {
      h = await open();
    });
    afterAll(async () => {
      await h.close();
    });

    it('signs many users in with one call: absent, named anew, unchanged, and the same one twice', async () => {
      const [absent, renamed, kept] = [newUserId(), newUserId(), newUserId()];
      await h.conversations.ensureUser(renamed, 'Old');
      await h.conversations.ensureUser(kept, 'Kept');
      const users = [
        { userId: absent, name: null },
        { userId: renamed, name: 'New' },
        { userId: kept, name: null },
        { userId: absent, name: 'Named' },
      ];
      const names = ['Named', 'New', 'Kept', 'Named'];
      const expected = users.map(({ userId }, at) => ({ id: userId, name: names[at] }));
      expect(await h.conversations.signInUsers(users)).toEqual(expected);
      expect(await h.conversations.signInUsers(users.map(({ userId }) => ({ userId, name: null })))).toEqual(expected);
      expect(await h.conversations.signInUsers([])).toEqual([]);
    });

    it('L1 signs users in: creates, keeps, renames', async () => {
      const id = newUserId();
      expect(await h.conversations.user(id)).toBe(null);
      expect(await h.conversations.ensureUser(id, null)).toEqual({ id, name: `User ${id}` });
      expect(await h.conversations.ensureUser(id, 'Dakola Timmy')).toEqual({ id, name: 'Dakola Timmy' });
      expect(await h.conversations.ensureUser(id, null)).toEqual({ id, name: 'Dakola Timmy' });
      // Another case, accent or trailing space is another name.
      expect(await h.conversations.ensureUser(id, 'DAKOLA TIMMY')).toEqual({ id, name: 'DAKOLA TIMMY' });
      expect(await h.conversations.ensureUser(id, 'DAKOLA TIMMY ')).toEqual({ id, name: 'DAKOLA TIMMY ' });
      const odd = `Ọlá's \\ 😀 \0 "x"`;
      expect(await h.conversations.ensureUser(id, odd)).toEqual({ id, name: odd });
      expect(await h.conversations.user(id)).toEqual({ id, name: odd });
      const named = newUserId();
      expect(await h.conversations.ensureUser(named, 'New')).toEqual({ id: named, name: 'New' });
    });

    it('L1a takes the largest user id', async () => {
      const [id, peer] = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1] as const;
      await h.conversations.ensureUsers([id, peer]);
      expect(await h.conversations.user(id)).toEqual({ id, name: `User ${id}` });
      const opened = await h.conversations.openPersonal(id, peer);
      expect(opened).toMatchObject({ ok: true, created: true });
      expect(await h.conversations.membershipsOf([id])).toMatchObject([{ userId: id, peerId: peer }]);
    });

    it('creates a user once, whichever nodes sign it in at the same time', async () => {
      const nodes = await Promise.all(Array.from({ length: 4 }, () => h.another()));
      for (let round = 0; round < 5; round += 1) {
        const id = newUserId();
        const users = await Promise.all(nodes.map((node) => node.conversations.ensureUser(id, 'Same')));
        expect(users).toEqual(nodes.map(() => ({ id, name: 'Same' })));
        const ids = Array.from({ length: 20 }, newUserId);
        await Promise.all(
          nodes.map((node, n) => node.conversations.ensureUsers(n % 2 === 0 ? ids : [...ids].reverse())),
        );
        const listed = await h.conversations.listUsers((ids[0] as number) - 1, 20);
        expect(listed).toEqual(ids.map((user) => ({ id: user, name: `User ${user}` })));
      }
    });

    it('ensureUsers keeps the names of those that exist', async () => {
      const [a, b] = [newUserId(), newUserId()];
      await h.conversations.ensureUser(a, 'Kept');
      await h.conversations.ensureUsers([b, a, b]);
      await h.conversations.ensureUsers([]);
      expect(await h.conversations.user(a)).toEqual({ id: a, name: 'Kept' });
      expect(await h.conversations.user(b)).toEqual({ id: b, name: `User ${b}` });
      await refused(h.conversations.ensureUsers(Array.from({ length: 1_001 }, (_, i) => i + 1)));
    });

    it('lists users by id, in pages; touching them is harmless', async () => {
      const ids = Array.from({ length: 5 }, newUserId);
      await h.conversations.ensureUsers(ids);
      await h.conversations.touchUsers([...ids, newUserId()], 1_598_356_410_923_631);
      await h.conversations.touchUsers([], 1_598_356_410_923_631);
      const [first, , , , last] = ids as [number, number, number, number, number];
      expect((await h.conversations.listUsers(first - 1, 3)).map((user) => user.id)).toEqual(ids.slice(0, 3));
      expect((await h.conversations.listUsers(first + 2, 10)).map((user) => user.id)[0]).toBe(first + 3);
      expect(last).toBe(first + 4);
    });

    it('L12 opens one conversation per pair, whoever asks', async () => {
      const [a, b, c] = [newUserId(), newUserId(), newUserId()];
      await h.conversations.ensureUsers([a, b, c]);
      const first = await h.conversations.openPersonal(b, a);
      if (!first.ok) throw new Error('refused');
      expect(first.created).toBe(true);
      expect(await h.conversations.openPersonal(a, b)).toEqual({ ...first, created: false });
      expect(await h.conversations.openPersonal(b, a)).toEqual({ ...first, created: false });
      const other = await h.conversations.openPersonal(a, c);
      expect(other).toMatchObject({ ok: true, created: true });
      expect(other.ok && other.conversationId).not.toBe(first.conversationId);
      expect(await h.conversations.membership(a, first.conversationId)).toMatchObject({ kind: 'personal' });
      await refused(h.conversations.openPersonal(a, a));
    });

    it('L12 opens one conversation when both ask at once, on several nodes', async () => {
      const nodes = await Promise.all(Array.from({ length: 4 }, () => h.another()));
      for (let round = 0; round < 15; round += 1) {
        const [a, b] = [newUserId(), newUserId()];
        await h.conversations.ensureUsers([a, b]);
        const opened = await Promise.all(
          nodes.flatMap((node, n) => [
            node.conversations.openPersonal(...((n % 2 === 0 ? [a, b] : [b, a]) as [number, number])),
            node.conversations.openPersonal(...((n % 2 === 0 ? [b, a] : [a, b]) as [number, number])),
          ]),
        );
        expect(new Set(opened.map((result) => result.ok && result.conversationId)).size).toBe(1);
        expect(opened.filter((result) => result.ok && result.created)).toHaveLength(1);
        expect(await h.conversations.membershipsOf([a, b])).toHaveLength(2);
      }
    }, 60_000);

    it('L13 names the members that are not users, and creates nothing', async () => {
      const known = newUserId();
      const [x, y] = [newUserId(), newUserId()];
      await h.conversations.ensureUser(known, null);
      expect(await h.conversations.openPersonal(known, x)).toEqual({ ok: false, unknown: [x] });
      expect(await h.conversations.openPersonal(y, x)).toEqual({ ok: false, unknown: [y, x] });
      const group = { creatorId: known, memberIds: [x, known, y], name: 'G', description: '' };
      expect(await h.conversations.createGroup(group)).toEqual({ ok: false, unknown: [x, y] });
      expect(await h.conversations.membershipsOf([known])).toEqual([]);
    });

    it('L5 creates groups, each a new one', async () => {
      const memberIds = Array.from({ length: 3 }, newUserId);
      await h.conversations.ensureUsers(memberIds);
      const group = { creatorId: memberIds[1] as number, memberIds, name: 'Livescore 😀', description: 'A\0 group' };
      const first = await h.conversations.createGroup(group);
      const second = await h.conversations.createGroup(group);
      if (!first.ok || !second.ok) throw new Error('refused');
      expect(first.conversationId).not.toBe(second.conversationId);
      expect(await h.conversations.membersOf([first.conversationId])).toEqual(
        memberIds.map((userId) => ({
          userId,
          conversationId: first.conversationId,
          kind: 'group',
          peerId: null,
          head: 0,
          membersVersion: 1,
          joinedSeq: 0,
          addedSeq: 0,
          leftSeq: null,
          deliveredSeq: 0,
          seenSeq: 0,
          role: userId === group.creatorId ? 'owner' : 'member',
          blocked: false,
        })),
      );
      await refused(h.conversations.createGroup({ ...group, memberIds: [...memberIds, memberIds[0] as number] }));
      await refused(h.conversations.createGroup({ ...group, creatorId: newUserId() }));
      expect(await h.conversations.membersOf([999_999_999])).toEqual([]);
    });

    it('L5 a group of 1,000 members is whole; of 1,001 it is refused', async () => {
      const room = await Room.group(h, 1_000);
      expect((await h.conversations.membersOf([room.conversationId])).map((m) => m.userId)).toEqual(room.members);
      const extra = newUserId();
      await h.conversations.ensureUser(extra, null);
      const memberIds = [...room.members, extra];
      await refused(h.conversations.createGroup({ creatorId: extra, memberIds, name: '', description: '' }));
    });

    it('membershipsOf and membership show head, peer and delivered cursor', async () => {
      const pair = await Room.personal(h);
      const group = await Room.group(h);
      await commit(h.messages, [...pair.rows(3), ...group.rows(2)]);
      const receipt = { userId: pair.user(1), conversationId: pair.conversationId, kind: 'personal', seq: 2 } as const;
      await h.receipts.apply({ delivered: [{ ...receipt, atUs: 1_598_356_410_923_631 }], seen: [], seenUpto: [] });
      const mine = {
        userId: pair.user(1),
        conversationId: pair.conversationId,
        kind: 'personal',
        peerId: pair.user(0),
        head: 3,
        membersVersion: 1,
        joinedSeq: 0,
        addedSeq: 0,
        leftSeq: null,
        deliveredSeq: 2,
        seenSeq: 0,
        role: 'member',
        blocked: false,
      };
      expect(await h.conversations.membershipsOf([pair.user(1)])).toEqual([mine]);
      expect(await h.conversations.membership(pair.user(1), pair.conversationId)).toEqual(mine);
      expect(await h.conversations.membership(group.user(0), pair.conversationId)).toBe(null);
      const all = await h.conversations.membershipsOf([pair.user(0), group.user(1), pair.user(0), newUserId()]);
      expect(all.map((m) => [m.userId, m.conversationId, m.head, m.peerId])).toEqual([
        [pair.user(0), pair.conversationId, 3, pair.user(1)],
        [group.user(1), group.conversationId, 2, null],
      ]);
      expect(await h.conversations.membershipsOf([])).toEqual([]);
      await refused(h.conversations.membershipsOf(Array.from({ length: 257 }, (_, i) => i + 1)));
    });

    it('G7 a member that left is past: in membership only, with where it left', async () => {
      const room = await Room.group(h);
      await commit(h.messages, room.rows(4));
      await h.removeMember(room.conversationId, room.user(1));
      expect(await h.conversations.membershipsOf([room.user(1)])).toEqual([]);
      expect((await h.conversations.membersOf([room.conversationId])).map((m) => m.userId)).toEqual([
        room.user(0),
        room.user(2),
      ]);
      expect(await h.conversations.membership(room.user(1), room.conversationId)).toMatchObject({
        leftSeq: 4,
        membersVersion: 2,
      });
    });

    it('membershipsIn gives the user’s own, present and past, of those asked for', async () => {
      const [left, other] = [await Room.group(h), await Room.group(h)];
      const user = left.user(1);
      const pair = await h.conversations.openPersonal(user, other.user(0));
      if (!pair.ok) throw new Error('openPersonal refused known users');
      await commit(h.messages, left.rows(2));
      await h.removeMember(left.conversationId, user);
      const ids = [pair.conversationId, other.conversationId, left.conversationId];
      const found = await h.conversations.membershipsIn(user, [...ids, ...ids, 999_999_999]);
      expect(found.sort((a, b) => a.conversationId - b.conversationId)).toEqual([
        await h.conversations.membership(user, left.conversationId),
        await h.conversations.membership(user, pair.conversationId),
      ]);
      expect(found[0]).toMatchObject({ leftSeq: 2 });
      expect(await h.conversations.membershipsIn(user, [other.conversationId])).toEqual([]);
      expect(await h.conversations.membershipsIn(user, [])).toEqual([]);
      const many = Array.from({ length: 1_001 }, (_, i) => 1_000_000_000 + i);
      expect(await h.conversations.membershipsIn(user, many.slice(1))).toEqual([]);
      await refused(h.conversations.membershipsIn(user, many));
    });

    it('membersOf gives all members of several conversations, or those among the users', async () => {
      const [pair, group] = [await Room.personal(h), await Room.group(h, 4)];
      const ids = [pair.conversationId, group.conversationId, 999_999_999];
      const names = (found: readonly { conversationId: number; userId: number }[]) =>
        new Set(found.map((m) => `${m.conversationId}/${m.userId}`));
      expect(names(await h.conversations.membersOf(ids))).toEqual(
        new Set([
          ...pair.members.map((user) => `${pair.conversationId}/${user}`),
          ...group.members.map((user) => `${group.conversationId}/${user}`),
        ]),
      );
      const among = [pair.user(0), group.user(2), group.user(3), newUserId()];
      expect(names(await h.conversations.membersOf(ids, among))).toEqual(
        new Set([
          `${pair.conversationId}/${pair.user(0)}`,
          `${group.conversationId}/${group.user(2)}`,
          `${group.conversationId}/${group.user(3)}`,
        ]),
      );
      expect(await h.conversations.membersOf(ids, [])).toEqual([]);
      expect(await h.conversations.membersOf([])).toEqual([]);
      await refused(h.conversations.membersOf(Array.from({ length: 257 }, (_, i) => i + 1)));
    });
  });
}
