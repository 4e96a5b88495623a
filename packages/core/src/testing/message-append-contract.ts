import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppendRow } from '../ports/message-store.ts';
import {
  allBodies,
  appendRetrying,
  commit,
  type OpenHarness,
  Room,
  refused,
  type StoreHarness,
} from './store-harness.ts';

/** `append`: G1, G2, the members' version (G7) and its bounds (G8). */
export function messageAppendContract(name: string, open: OpenHarness): void {
  describe(`append: ${name}`, () => {
    let h: StoreHarness;
    beforeAll(async () => {
      h = await open();
    });
    afterAll(async () => {
      await h.close();
    });

    const bodies = (room: Room): Promise<string[]> => allBodies(h, room);

    it('G1 what it acknowledged is there for another node, with the numbers it gave', async () => {
      const room = await Room.personal(h);
      const rows = room.rows(3);
      const results = await commit(h.messages, rows);
      const other = await h.another();
      const [found] = await other.messages.readRanges([
        { conversationId: room.conversationId, afterSeq: 0, uptoSeq: 3, limit: 10 },
      ]);
      expect(found).toEqual(
        rows.map((row, index) => ({
          conversationId: room.conversationId,
          kind: 'personal',
          seq: index + 1,
          messageId: (results[index] as { messageId: number }).messageId,
          senderId: row.senderId,
          senderName: `User ${row.senderId}`,
          clientId: row.clientId,
          body: row.body,
          sentAtUs: row.sentAtUs,
          isEvent: false,
        })),
      );
      expect(results).toEqual(
        found?.map(({ seq, messageId, sentAtUs }) => ({ kind: 'stored', seq, messageId, sentAtUs })),
      );
    });

    it('G2 numbers each conversation of a mixed batch densely, in the rows’ order', async () => {
      const rooms = [await Room.group(h), await Room.personal(h), await Room.group(h)] as const;
      const rows = [2, 0, 1, 2, 2, 0, 1, 2].map((index) => (rooms[index] as Room).row());
      for (const round of [0, 1]) {
        const fresh = rows.map((row) => ({ ...row, clientId: `${row.clientId}-${round}` }));
        const results = await commit(h.messages, fresh);
        const base = (count: number) => count * round;
        const seqs = results.map((result) => (result.kind === 'stored' ? result.seq : null));
        expect(seqs).toEqual(
          [1, 1, 1, 2, 3, 2, 2, 4].map((seq, i) => seq + base([4, 2, 2, 4, 4, 2, 2, 4][i] as number)),
        );
      }
    });

    it('G2 stays dense and in order under concurrent writers of several nodes', async () => {
      const rooms = [await Room.group(h), await Room.personal(h), await Room.group(h)] as const;
      const nodes = await Promise.all(Array.from({ length: 8 }, () => h.another()));
      const perNode = 25;
      await Promise.all(
        nodes.map(async (node, n) => {
          for (let batch = 0; batch < perNode; batch += 1) {
            // Every node names the conversations in another order.
            const rows = rooms.flatMap((_, i) =>
              (rooms[(i + n) % 3] as Room).rows(1 + ((n + batch) % 3), { body: `${n}:${batch}` }),
            );
            const results = await commit(node.messages, rows);
            expect(results.every((result) => result.kind === 'stored')).toBe(true);
          }
        }),
      );
      const expected = nodes.flatMap((_, n) => Array.from({ length: perNode }, (_, b) => 1 + ((n + b) % 3)));
      const total = expected.reduce((sum, count) => sum + count, 0);
      for (const room of rooms) {
        const texts = await bodies(room);
        expect(texts).toHaveLength(total);
        for (const [n] of nodes.entries()) {
          const own = texts.filter((text) => text.startsWith(`${n}:`)).map((text) => Number(text.split(':')[1]));
          expect(own).toEqual([...own].sort((a, b) => a - b));
        }
      }
      const heads = await h.messages.heads(rooms.map((room) => room.conversationId));
      expect([...heads.values()]).toEqual([total, total, total]);
    }, 120_000);

    it('G7 another members’ version stores nothing of the batch and uses no number', async () => {
      const room = await Room.group(h);
      const changed = await Room.group(h);
      await h.removeMember(changed.conversationId, changed.user(2));
      const outcome = await appendRetrying(h.messages, [room.row(), changed.row(), room.row()]);
      expect(outcome).toEqual({ kind: 'stale', conversationIds: new Set([changed.conversationId]) });
      expect(await bodies(room)).toEqual([]);
      expect([...(await h.messages.heads([room.conversationId, changed.conversationId])).values()]).toEqual([0, 0]);
      changed.membersVersion = 2;
      const results = await commit(h.messages, [room.row(), changed.row()]);
      expect(results).toMatchObject([{ seq: 1 }, { seq: 1 }]);
      const ahead = await appendRetrying(h.messages, [changed.row({ membersVersion: 3 })]);
      expect(ahead).toEqual({ kind: 'stale', conversationIds: new Set([changed.conversationId]) });
    });

    it('a conversation that does not exist is stale, and nothing is created for it', async () => {
      const room = await Room.group(h);
      const unknown = [room.conversationId + 1_000, Number.MAX_SAFE_INTEGER];
      for (const membersVersion of [0, 1]) {
        const outcome = await appendRetrying(h.messages, [
          ...unknown.map((conversationId) => room.row({ conversationId, membersVersion })),
          room.row(),
        ]);
        expect(outcome).toEqual({ kind: 'stale', conversationIds: new Set(unknown) });
      }
      expect(await h.messages.heads([room.conversationId, ...unknown])).toEqual(new Map([[room.conversationId, 0]]));
      // Nor have their ids been used up.
      expect((await Room.group(h)).conversationId).toBeLessThan(unknown[0] as number);
    });

    it('G8 takes 512 rows and refuses none, 513, a bad client id, and a kind that contradicts the recipient', async () => {
      const room = await Room.personal(h);
      await refused(h.messages.append([]));
      await refused(h.messages.append(room.rows(513)));
      await refused(h.messages.append([room.row({ clientId: '' })]));
      await refused(h.messages.append([room.row({ clientId: 'x'.repeat(65) })]));
      await refused(h.messages.append([room.row({ recipientId: null })]));
      expect(await bodies(room)).toEqual([]);
      const results = await commit(h.messages, room.rows(512));
      expect(results.map((result) => (result as { seq: number }).seq)).toEqual(results.map((_, index) => index + 1));
    });

    it('a batch of several megabytes is one commit', async () => {
      const room = await Room.group(h);
      const rows: AppendRow[] = room.rows(60, { body: `'\\${'ü😀'.repeat(10_000)}` });
      const results = await commit(h.messages, rows);
      expect(new Set(results.map((result) => (result as { messageId: number }).messageId)).size).toBe(60);
      expect(await bodies(room)).toEqual(rows.map((row) => row.body));
      const places = await h.messages.locate(results.map((result) => (result as { messageId: number }).messageId));
      expect([...places.values()].map((place) => place.seq).sort((a, b) => a - b)).toEqual(rows.map((_, i) => i + 1));
    });
  });
}
