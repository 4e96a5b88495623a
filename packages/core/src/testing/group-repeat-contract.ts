import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GroupAction, GroupChangeResult } from '../ports/group-store.ts';
import {
  allBodies,
  appendRetrying,
  changed,
  changeRetrying,
  commit,
  newUserId,
  type OpenHarness,
  Room,
  type StoreHarness,
} from './store-harness.ts';

const CONFLICT = { kind: 'refused', error: 'client_id_conflict' };

/** Changes that are made again (G3), and changes beside sends (G2, G7), on several nodes. */
export function groupRepeatContract(name: string, open: OpenHarness): void {
  describe(`group changes again and at once: ${name}`, () => {
    let h: StoreHarness;
    beforeAll(async () => {
      h = await open();
    });
    afterAll(async () => {
      await h.close();
    });

    const nodes = (count: number) => Promise.all(Array.from({ length: count }, () => h.another()));
    const newUser = async () => (await h.conversations.ensureUser(newUserId(), null)).id;

    it('G3 a repeat returns the first event, on another node, later, and after its maker has left', async () => {
      const room = await Room.group(h);
      const [a, b] = [await newUser(), await newUser()];
      const add = room.change({ kind: 'add', userIds: [a, room.user(1), b] });
      const first = await changed(h.groups, add);
      const other = await h.another();
      const again = { ...add, atUs: add.atUs + 604_800_000_000 };
      expect(await other.groups.change(again)).toEqual({ ...first, kind: 'duplicate' });
      // The order of the users is not part of what is asked for, and that they are members now is no news.
      const reordered = { ...again, action: { kind: 'add', userIds: [b, a, room.user(1)] } as const };
      expect(await h.groups.change(reordered)).toEqual({ ...first, kind: 'duplicate' });
      const leave = room.change({ kind: 'leave' }, { actor: 1 });
      const left = await changed(h.groups, leave);
      expect(await h.groups.change(leave)).toEqual({ ...left, kind: 'duplicate' });
      await changed(h.groups, room.change({ kind: 'transfer', userId: a }));
      await changed(h.groups, room.change({ kind: 'leave' }));
      expect(await h.groups.change(add)).toEqual({ ...first, kind: 'duplicate', membersVersion: 4 });
      expect(await allBodies(h, room)).toHaveLength(4);
    });

    it('G3 the same client id for another change is refused; another user’s or group’s is its own', async () => {
      const [room, elsewhere] = [await Room.group(h), await Room.group(h)];
      const rename = room.change({ kind: 'rename', name: 'one' });
      await changed(h.groups, rename);
      const others: GroupAction[] = [
        { kind: 'rename', name: 'One' },
        { kind: 'describe', description: 'one' },
        { kind: 'remove', userId: room.user(1) },
      ];
      for (const action of others) expect(await h.groups.change({ ...rename, action })).toEqual(CONFLICT);
      const { clientId } = rename;
      await changed(h.groups, room.change({ kind: 'leave' }, { actor: 1, clientId }));
      await changed(h.groups, elsewhere.change({ kind: 'rename', name: 'two' }, { clientId }));
      expect(await allBodies(h, room)).toHaveLength(2);
    });

    it('G3 a refused change leaves its client id free', async () => {
      const room = await Room.group(h);
      const rename = room.change({ kind: 'rename', name: 'one' }, { actor: 1 });
      expect(await h.groups.change(rename)).toEqual({ kind: 'refused', error: 'not_allowed' });
      await changed(h.groups, room.change({ kind: 'role', userId: room.user(1), role: 'admin' }));
      expect(await h.groups.change(rename)).toMatchObject({ kind: 'changed', seq: 2 });
    });

    it('G3 a message and a change share the client ids: whichever comes second is refused', async () => {
      const room = await Room.group(h);
      const row = room.row();
      await commit(h.messages, [row]);
      const rename = room.change({ kind: 'rename', name: 'one' }, { clientId: row.clientId });
      expect(await h.groups.change(rename)).toEqual(CONFLICT);
      const second = room.change({ kind: 'rename', name: 'two' });
      const event = await changed(h.groups, second);
      const { clientId } = second;
      // Not even the event's own text makes a message a repeat of it.
      const rows = [room.row({ clientId }), room.row({ clientId, body: JSON.stringify(event.event) })];
      for (const each of rows) expect(await commit(h.messages, [each])).toEqual([{ kind: 'conflict' }]);
      expect(await commit(h.messages, [room.row(), ...rows])).toMatchObject([
        { kind: 'stored', seq: 3 },
        { kind: 'conflict' },
        { kind: 'conflict' },
      ]);
      expect(await allBodies(h, room)).toHaveLength(3);
    });

    it('G3 a message and a change that race with one client id: one is stored, the other refused', async () => {
      const room = await Room.group(h);
      const [a, b] = [await h.another(), await h.another()];
      const stored = { message: 0, change: 0 };
      for (let round = 0; round < 20; round += 1) {
        const row = room.row();
        const rename = room.change({ kind: 'rename', name: `${round}` }, { clientId: row.clientId });
        const sending = () => appendRetrying(a.messages, [row, room.row({ sender: 1 })]);
        const changing = () => changeRetrying(b.groups, rename);
        const [outcome, result] = await (round % 2 === 0
          ? Promise.all([sending(), changing()])
          : Promise.all([changing(), sending()]).then(([second, first]) => [first, second] as const));
        const sent = outcome.kind === 'committed' ? outcome.results[0]?.kind : outcome.kind;
        expect([sent, result.kind]).toEqual(sent === 'stored' ? ['stored', 'refused'] : ['conflict', 'changed']);
        if (result.kind === 'refused') expect(result).toEqual(CONFLICT);
        stored[sent === 'stored' ? 'message' : 'change'] += 1;
      }
      expect(stored.message + stored.change).toBe(20);
      expect(await allBodies(h, room)).toHaveLength(40);
    }, 60_000);

    it('G3 the same change from several nodes at once is made once', async () => {
      const room = await Room.group(h);
      const four = await nodes(4);
      for (let round = 0; round < 5; round += 1) {
        const userId = await newUser();
        const add = room.change({ kind: 'add', userIds: [userId] });
        const results = await Promise.all(four.map((node) => changed(node.groups, add)));
        expect(results.filter((result) => result.kind === 'changed')).toHaveLength(1);
        expect(new Set(results.map((result) => result.messageId)).size).toBe(1);
        expect(results[0]).toMatchObject({ seq: round + 1, membersVersion: round + 2 });
      }
    }, 60_000);

    it('G7 a change of the members makes every older check of a sender stale, on every node', async () => {
      const room = await Room.group(h);
      const other = await h.another();
      const userId = await newUser();
      const stale = { kind: 'stale', conversationIds: new Set([room.conversationId]) };
      await commit(other.messages, [room.row({ sender: 1 })]);
      await changed(h.groups, room.change({ kind: 'remove', userId: room.user(1) }));
      expect(await appendRetrying(other.messages, [room.row({ sender: 1 })])).toEqual(stale);
      room.membersVersion = 2;
      await commit(other.messages, [room.row()]);
      await changed(h.groups, room.change({ kind: 'add', userIds: [userId] }));
      expect(await appendRetrying(other.messages, [room.row()])).toEqual(stale);
      room.membersVersion = 3;
      await changed(h.groups, room.change({ kind: 'rename', name: 'still the same members' }));
      expect(await commit(other.messages, [room.row()])).toMatchObject([{ kind: 'stored', seq: 6 }]);
      await changed(h.groups, room.change({ kind: 'leave' }, { actor: 2 }));
      expect(await appendRetrying(other.messages, [room.row()])).toEqual(stale);
    });

    it('G7 two owners that leave at once: one stays', async () => {
      const [a, b] = [await h.another(), await h.another()];
      for (let round = 0; round < 10; round += 1) {
        const room = await Room.group(h);
        await changed(h.groups, room.change({ kind: 'role', userId: room.user(1), role: 'owner' }));
        const results = await Promise.all([
          changeRetrying(a.groups, room.change({ kind: 'leave' })),
          changeRetrying(b.groups, room.change({ kind: 'leave' }, { actor: 1 })),
        ]);
        const outcomes = results.map((result) => (result.kind === 'refused' ? result.error : result.kind));
        expect(outcomes.sort()).toEqual(['changed', 'last_owner']);
        const owners = (await h.conversations.membersOf([room.conversationId])).filter((m) => m.role === 'owner');
        expect(owners).toHaveLength(1);
      }
    }, 60_000);

    it('G2 G7 changes beside sends of several nodes: dense, in order, and members only', async () => {
      const room = await Room.group(h, 4);
      const quiet = await Room.group(h);
      const writers = await nodes(3);
      const editor = await h.another();
      const [guest, rounds] = [await newUser(), 30];
      let done = false;
      const results: GroupChangeResult[] = [];
      const editing = async (): Promise<void> => {
        for (let round = 0; round < rounds; round += 1) {
          const [add, remove] = [
            { kind: 'add', userIds: [guest] },
            { kind: 'remove', userId: guest },
          ] as const;
          results.push(await changeRetrying(editor.groups, room.change(round % 2 === 0 ? add : remove)));
        }
        done = true;
      };
      let [stored, stale] = [0, 0];
      const writing = async (node: (typeof writers)[number], sender: number): Promise<void> => {
        let membersVersion = 1;
        while (!done) {
          // As lanes do, which begin at the end of a turn: what waits for its turn at the store gets it.
          await new Promise((resolve) => setImmediate(resolve));
          const rows = [...room.rows(3, { sender, membersVersion }), ...quiet.rows(1, { sender })];
          const outcome = await appendRetrying(node.messages, sender === 1 ? rows.reverse() : rows);
          if (outcome.kind === 'stale') {
            stale += 1;
            const found = await node.conversations.membership(room.user(sender), room.conversationId);
            membersVersion = found?.membersVersion ?? 0;
          } else stored += outcome.results.filter((result) => result.kind === 'stored').length;
        }
      };
      await Promise.all([editing(), ...writers.map((node, index) => writing(node, index % 3))]);
      expect(results.map((result) => result.kind)).toEqual(results.map(() => 'changed'));
      const seqs = results.map((result) => (result.kind === 'refused' ? 0 : result.seq));
      expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      const [bodies, others] = [await allBodies(h, room), await allBodies(h, quiet)];
      expect(bodies.length + others.length).toBe(stored + rounds);
      expect(results.at(-1)).toMatchObject({ membersVersion: rounds + 1 });
      expect(stale).toBeGreaterThan(0);
    }, 120_000);
  });
}
