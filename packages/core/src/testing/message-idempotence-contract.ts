import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allBodies, appendRetrying, commit, type OpenHarness, Room, type StoreHarness } from './store-harness.ts';

/** `append` of what was appended before (G3). */
export function messageIdempotenceContract(name: string, open: OpenHarness): void {
  describe(`append again: ${name}`, () => {
    let h: StoreHarness;
    beforeAll(async () => {
      h = await open();
    });
    afterAll(async () => {
      await h.close();
    });

    const bodies = (room: Room): Promise<string[]> => allBodies(h, room);

    it('G3 a repeat in another batch, from another node, returns the first message', async () => {
      const room = await Room.personal(h);
      const row = room.row();
      const [first] = await commit(h.messages, [row]);
      const other = await h.another();
      const later = { ...row, sentAtUs: row.sentAtUs + 604_800_000_000 };
      const results = await commit(other.messages, [room.row(), later, room.row()]);
      expect(results).toMatchObject([
        { kind: 'stored', seq: 2 },
        { ...first, kind: 'duplicate' },
        { kind: 'stored', seq: 3 },
      ]);
      expect(await bodies(room)).toHaveLength(3);
    });

    it('G3 a repeat within one batch is stored once', async () => {
      const room = await Room.group(h);
      const row = room.row();
      const results = await commit(h.messages, [row, room.row(), row, { ...row, body: 'other' }]);
      const first = results[0] as { messageId: number };
      expect(results).toMatchObject([
        { kind: 'stored', seq: 1 },
        { kind: 'stored', seq: 2 },
        { kind: 'duplicate', seq: 1, messageId: first.messageId, sentAtUs: row.sentAtUs },
        { kind: 'conflict' },
      ]);
      expect(await bodies(room)).toHaveLength(2);
    });

    it('G3 another body under a used client id is refused, the rows beside it are stored densely', async () => {
      const room = await Room.group(h);
      const elsewhere = await Room.group(h);
      const row = room.row({ body: 'first' });
      await commit(h.messages, [row]);
      const results = await commit(h.messages, [
        room.row(),
        { ...row, body: 'second' },
        elsewhere.row(),
        room.row(),
        { ...row, body: 'first ' },
        { ...row, body: 'FIRST' },
      ]);
      expect(results).toMatchObject([
        { kind: 'stored', seq: 2 },
        { kind: 'conflict' },
        { kind: 'stored', seq: 1 },
        { kind: 'stored', seq: 3 },
        { kind: 'conflict' },
        { kind: 'conflict' },
      ]);
      expect((await bodies(room))[0]).toBe('first');
      expect(await bodies(room)).toHaveLength(3);
    });

    it('G3 a batch of nothing but repeats stores nothing', async () => {
      const room = await Room.group(h);
      const rows = room.rows(5);
      const first = await commit(h.messages, rows);
      const again = await commit(h.messages, rows);
      expect(again).toEqual(first.map((result) => ({ ...result, kind: 'duplicate' })));
      expect((await h.messages.heads([room.conversationId])).get(room.conversationId)).toBe(5);
    });

    it('G3 the same rows from several nodes at the same time are stored once', async () => {
      const room = await Room.group(h);
      const nodes = await Promise.all(Array.from({ length: 4 }, () => h.another()));
      for (let round = 0; round < 10; round += 1) {
        const rows = room.rows(4);
        const all = await Promise.all(nodes.map((node) => commit(node.messages, [...rows, room.row()])));
        for (const [index] of rows.entries()) {
          const results = all.map((results) => results[index]);
          expect(results.filter((result) => result?.kind === 'stored')).toHaveLength(1);
          expect(new Set(results.map((result) => (result as { messageId: number }).messageId)).size).toBe(1);
        }
      }
      expect(await bodies(room)).toHaveLength(10 * (4 + nodes.length));
    }, 60_000);

    it('G3 client ids are compared exactly, per sender and conversation', async () => {
      const room = await Room.personal(h);
      const other = await Room.group(h);
      const ids = ['a', 'A', 'a ', ' a', "a'", 'a\\', 'a"', '0', '00', 'x'.repeat(64)];
      const rows = [
        ...ids.map((clientId) => room.row({ clientId })),
        ...ids.map((clientId) => room.row({ clientId, sender: 1 })),
        ...ids.map((clientId) => other.row({ clientId })),
      ];
      const results = await commit(h.messages, rows);
      expect(results.map((result) => result.kind)).toEqual(rows.map(() => 'stored'));
      const again = await commit(h.messages, rows);
      expect(again).toEqual(results.map((result) => ({ ...result, kind: 'duplicate' })));
    });

    it('G3 a repeat returns the first message although the members have changed since', async () => {
      const room = await Room.group(h);
      const row = room.row();
      const [first] = await commit(h.messages, [row]);
      await h.removeMember(room.conversationId, room.user(2));
      expect(await commit(h.messages, [row, { ...row, body: 'other' }])).toEqual([
        { ...first, kind: 'duplicate' },
        { kind: 'conflict' },
      ]);
      const mixed = await appendRetrying(h.messages, [row, room.row()]);
      expect(mixed).toEqual({ kind: 'stale', conversationIds: new Set([room.conversationId]) });
      room.membersVersion = 2;
      expect(await commit(h.messages, [row, room.row()])).toMatchObject([
        { kind: 'duplicate' },
        { kind: 'stored', seq: 2 },
      ]);
    });
  });
}
