import { describe, expect, it } from 'vitest';
import { expectNext, initGroup, initPersonal, say } from '../support/chat.ts';
import type { LegacyClient } from '../support/legacy-client.ts';
import type { Target } from '../support/target.ts';

/** Cursors of groups in the database: the second half of L10. */
export function groupStatusTranscripts(target: () => Target): void {
  const cursor = (group: number, user: number) => target().store.member(group, user);
  const reaches = async (group: number, user: number, wanted: Partial<Awaited<ReturnType<typeof cursor>>>) => {
    await expect.poll(() => cursor(group, user), { timeout: 20_000, interval: 20 }).toMatchObject(wanted);
    return await cursor(group, user);
  };

  /** Three members; alice has sent four messages, which bob and carol have. */
  const talkedTo = async () => {
    const [a, b, c] = target().newUsers(3);
    const [alice, bob, carol] = (await target().connectAll([a, b, c])) as [LegacyClient, LegacyClient, LegacyClient];
    const group = await initGroup(alice, [a, b, c]);
    const ids: number[] = [];
    for (const msg of ['one', 'two', 'three', 'four']) {
      ids.push(await say(alice, 'group', group, msg));
      for (const other of [bob, carol]) await expectNext(other, msg);
    }
    return { a, b, c, alice, bob, carol, group, ids };
  };

  describe('cursors of groups', () => {
    it('L10, L11: delivery moves the member’s own cursor, with a time, by the pong only', async () => {
      const [a, b, c] = target().newUsers(3);
      const alice = await target().connect(a);
      const bob = await target().connect(b, { autoPong: false });
      const carol = await target().connect(c, { node: target().nodeOf(b) });
      const group = await initGroup(alice, [a, b, c]);
      await say(alice, 'group', group, 'hello');
      await expectNext(bob, 'hello');
      await expectNext(carol, 'hello');
      const ping = await bob.pinged();
      // Carol's, on the same node, is written by then: bob's would be too.
      const row = await reaches(group, c, { deliveredSeq: 1, seenSeq: 0 });
      expect(row.deliveredAtUs).not.toBeNull();
      expect(await cursor(group, b)).toMatchObject({ deliveredSeq: 0, deliveredAtUs: null });
      bob.sendPong(ping);
      await reaches(group, b, { deliveredSeq: 1 });
    });

    it('L10: seen moves the member’s own cursor and nobody else’s', async () => {
      const { a, b, c, bob, group, ids } = await talkedTo();
      bob.send({ message_id: [ids[1]], type: 'seen' });
      const row = await reaches(group, b, { seenSeq: 2 });
      expect(row.seenAtUs).not.toBeNull();
      for (const user of [a, c]) expect(await cursor(group, user)).toMatchObject({ seenSeq: 0, seenAtUs: null });
      await bob.answered();
      expect(bob.unread).toEqual([]);
    });

    it('L10: the cursor moves forwards only', async () => {
      const { b, c, bob, carol, group, ids } = await talkedTo();
      bob.send({ message_id: [ids[2], ids[0]], type: 'seen' });
      const row = await reaches(group, b, { seenSeq: 3 });
      bob.send({ message_id: [ids[0]], type: 'seen' });
      bob.send({ message_id: [ids[1], ids[2]], type: 'seen' });
      await bob.answered();
      // On another connection of bob's node the same happens later, and is written.
      carol.drop();
      const late = await target().connect(c, { node: target().nodeOf(b) });
      late.send({ message_id: [ids[3]], type: 'seen' });
      await reaches(group, c, { seenSeq: 4 });
      expect(await cursor(group, b)).toMatchObject({ seenSeq: 3, seenAtUs: row.seenAtUs });
      bob.send({ message_id: [ids[3]], type: 'seen' });
      await reaches(group, b, { seenSeq: 4 });
    });

    it('L10: ids of personal and group messages may stand in one list', async () => {
      const { a, b, alice, bob, group, ids } = await talkedTo();
      const conversation = await initPersonal(alice, [a, b]);
      const personal = await say(alice, 'personal', conversation, 'in private');
      await expectNext(bob, 'in private');
      bob.send({ message_id: [ids[3], personal], type: 'seen' });
      await reaches(group, b, { seenSeq: 4 });
      await expect.poll(async () => (await target().store.message(personal)).status, { timeout: 20_000 }).toBe('seen');
    });

    it('L10: a list with a group message of others refuses the list whole', async () => {
      const { b, bob, group, ids } = await talkedTo();
      const foreign = await talkedTo();
      bob.send({ message_id: [ids[3], foreign.ids[0]], type: 'seen' });
      expect(await bob.nextJson()).toMatchObject({ code: 3005, name: 'unknown_message' });
      bob.send({ message_id: [ids[0]], type: 'seen' });
      await reaches(group, b, { seenSeq: 1 });
      expect(await cursor(foreign.group, foreign.b)).toMatchObject({ seenSeq: 0 });
    });
  });
}
