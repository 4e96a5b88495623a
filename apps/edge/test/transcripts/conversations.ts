import { describe, expect, it } from 'vitest';
import { expectNext, initGroup, initPersonal, say } from '../support/chat.ts';
import type { LegacyClient } from '../support/legacy-client.ts';
import type { Target } from '../support/target.ts';

/** As JSON text, since that is how they must come back: any integer or string. */
const LOCAL_IDS: readonly (readonly [sent: string, echoed: string])[] = [
  ['5', '5'],
  ['0', '0'],
  ['-17', '-17'],
  ['9007199254740993', '9007199254740993'],
  ['-123456789012345678901234567890', '-123456789012345678901234567890'],
  ['"my chat"', '"my chat"'],
  ['""', '""'],
  ['"5"', '"5"'],
  ['"\\u00e9 \\ud83d\\ude00 \\" \\\\ \\n"', '"é 😀 \\" \\\\ \\n"'],
];

export function conversationTranscripts(target: () => Target): void {
  describe('opening conversations', () => {
    it('L2: opens a personal conversation; the other hears nothing of it', async () => {
      const [a, b] = target().newUsers(2);
      const [alice, bob] = (await target().connectAll([a, b])) as Pair;
      alice.send({ conv_id: 5, member: [a, b], type: 'init_personal' });
      const answer = await alice.nextJson();
      expect(answer).toStrictEqual({ local_conv_id: 5, db_conv_id: expect.any(Number), type: 'personal' });
      const id = answer.db_conv_id as number;
      expect(Number.isSafeInteger(id) && id > 0).toBe(true);
      expect(await target().store.conversation(id)).toMatchObject({ kind: 'personal', lastSeq: 0 });
      expect(await target().store.members(id)).toEqual([a, b]);
      await say(alice, 'personal', id, 'the first thing that bob hears');
      await expectNext(bob, 'the first thing that bob hears');
      await alice.answered();
      expect([alice.unread, bob.unread]).toEqual([[], []]);
    });

    it.each(LOCAL_IDS)('L2, L5: the local id %s comes back as it was', async (sent, echoed) => {
      const [a, b] = target().newUsers(2);
      const alice = await target().connect(a);
      alice.sendText(`{"conv_id": ${sent}, "member": [${a}, ${b}], "type": "init_personal"}`);
      expect(await alice.next()).toMatch(`{"local_conv_id":${echoed},"db_conv_id":`);
      alice.sendText(`{"type":"init_group","member":[${a},${b}],"group_name":"G","description":"","conv_id":${sent}}`);
      expect(await alice.next()).toMatch(`{"local_conv_id":${echoed},"db_conv_id":`);
    });

    it('L5: opens a group with its name and description', async () => {
      const [a, b, c] = target().newUsers(3);
      const [alice, bob, carol] = (await target().connectAll([a, b, c])) as [LegacyClient, LegacyClient, LegacyClient];
      const group = { group_name: 'Livescore ⚽', description: 'A research group\nof two lines' };
      alice.send({ conv_id: 'g', member: [a, b, c], ...group, type: 'init_group' });
      const answer = await alice.nextJson();
      expect(answer).toStrictEqual({ local_conv_id: 'g', db_conv_id: expect.any(Number), type: 'group' });
      const id = answer.db_conv_id as number;
      expect(await target().store.conversation(id)).toEqual({
        kind: 'group',
        name: group.group_name,
        description: group.description,
        lastSeq: 0,
      });
      expect(await target().store.members(id)).toEqual([a, b, c]);
      await say(bob, 'group', id, 'bob may write at once');
      await expectNext(alice, 'bob may write at once');
      await expectNext(carol, 'bob may write at once');
      expect([alice.unread, bob.unread, carol.unread]).toEqual([[], [], []]);
    });

    it('L5: two groups of the same name and members are two groups', async () => {
      const [a, b] = target().newUsers(2);
      const alice = await target().connect(a);
      expect(await initGroup(alice, [a, b])).not.toBe(await initGroup(alice, [a, b]));
    });

    it('L12: a pair has one conversation, whoever asks, in whatever order it names the two', async () => {
      const [a, b] = target().newUsers(2);
      const [alice, bob] = (await target().connectAll([a, b])) as Pair;
      const id = await initPersonal(alice, [a, b]);
      expect(await initPersonal(alice, [b, a])).toBe(id);
      expect(await initPersonal(bob, [a, b])).toBe(id);
      expect(await initPersonal(bob, [b, a])).toBe(id);
      // Its messages are still its messages.
      await say(alice, 'personal', id, 'before');
      expect(await initPersonal(bob, [b, a])).toBe(id);
      expect(await target().store.conversation(id)).toMatchObject({ lastSeq: 1 });
    });

    it('L12: a pair has one conversation, also when both ask at once, on different nodes', async () => {
      const pairs = Array.from({ length: 20 }, () => target().newUsers(2));
      const before = await target().store.totals();
      const clients = await target().connectAll(pairs.flat());
      const asked = clients.map((client, at) => initPersonal(client, pairs[Math.floor(at / 2)] ?? []));
      const ids = await Promise.all(asked);
      for (let at = 0; at < ids.length; at += 2) expect(ids[at]).toBe(ids[at + 1]);
      expect(new Set(ids).size).toBe(pairs.length);
      const after = await target().store.totals();
      expect(after.conversations - before.conversations).toBe(pairs.length);
      expect(after.members - before.members).toBe(2 * pairs.length);
      // And it carries messages both ways.
      const [[a, b], alice, bob, id] = [pairs[0] as readonly [number, number], clients[0], clients[1], ids[0]];
      await say(alice as LegacyClient, 'personal', id as number, `from ${a}`);
      await expectNext(bob as LegacyClient, `from ${a}`);
      await say(bob as LegacyClient, 'personal', id as number, `from ${b}`);
      await expectNext(alice as LegacyClient, `from ${b}`);
    });

    it('L13: the one who initialises must be among the members', async () => {
      const [a, b, c] = target().newUsers(3);
      const [alice] = (await target().connectAll([a, b, c])) as Pair;
      const before = await target().store.totals();
      alice.send({ conv_id: 1, member: [b, c], type: 'init_personal' });
      expect(await alice.nextJson()).toMatchObject({ code: 3004, name: 'initiator_not_member' });
      alice.send({ conv_id: 1, member: [b, c], group_name: 'Theirs', description: '', type: 'init_group' });
      expect(await alice.nextJson()).toMatchObject({ code: 3004, name: 'initiator_not_member' });
      expect(await target().store.totals()).toEqual(before);
    });

    it('L13: a personal conversation has two different members', async () => {
      const [a, b, c] = target().newUsers(3);
      const [alice] = (await target().connectAll([a, b, c])) as Pair;
      const before = await target().store.totals();
      for (const member of [[a], [a, a], [a, b, c]]) {
        alice.send({ conv_id: 1, member, type: 'init_personal' });
        expect(await alice.nextJson()).toMatchObject({ code: 1002, name: 'invalid_frame' });
      }
      expect(await target().store.totals()).toEqual(before);
    });

    it('L13: duplicates among the members count once', async () => {
      const [a, b, c] = target().newUsers(3);
      const alice = await target().connect(a);
      const personal = await initPersonal(alice, [a, b, b, a, a]);
      expect(await target().store.members(personal)).toEqual([a, b]);
      expect(await initPersonal(alice, [b, a])).toBe(personal);
      const group = await initGroup(alice, [c, a, c, b, a]);
      expect(await target().store.members(group)).toEqual([a, b, c]);
    });

    it('L13: development sign-in makes users of unknown members', async () => {
      const [a, b, c] = target().newUsers(3);
      const alice = await target().connect(a);
      await initPersonal(alice, [a, b]);
      await initGroup(alice, [a, c]);
      expect(await target().store.userName(b)).toBe(`User ${b}`);
      expect(await target().store.userName(c)).toBe(`User ${c}`);
    });
  });
}

type Pair = [LegacyClient, LegacyClient];
