import { describe, expect, it } from 'vitest';
import { expectNext, initGroup, initPersonal, nextMessage, say } from '../support/chat.ts';
import type { LegacyClient } from '../support/legacy-client.ts';
import type { Target } from '../support/target.ts';

/** The clocks of test and node are one, but not read at one moment. */
const SLACK_US = 2_000_000;
const TIMESTAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/;

const BODIES: readonly (readonly [what: string, body: string])[] = [
  ['one character', 'x'],
  ['white space', ' \t\n '],
  ['quotes, backslashes and line breaks', '"\\"\\\\ \r\n\u2028\u2029 </script> \'; DROP TABLE messages; --'],
  ['every plane of Unicode', 'é ß 中文 عربى 😀👩‍👩‍👧 \u{10ffff}'],
  ['control characters and a zero', 'a\u0000b\u0001\u001f\u007f\u0085'],
  ['a byte order mark', '\ufeffbody\ufeff'],
  ['text that looks like a frame', '{"message_id":1}'],
  ['65,535 bytes', 'm'.repeat(65_535)],
  ['65,535 bytes of three each', '€'.repeat(21_845)],
];

export function messageTranscripts(target: () => Target): void {
  const pair = async (): Promise<Pair & { a: number; b: number; conversation: number }> => {
    const [a, b] = target().newUsers(2);
    const [alice, bob] = (await target().connectAll([a, b])) as [LegacyClient, LegacyClient];
    return { a, b, alice, bob, conversation: await initPersonal(alice, [a, b]) };
  };

  describe('messages', () => {
    it('L3, L4: a personal message, in exactly these frames', async () => {
      const { a, b, alice, bob, conversation } = await pair();
      alice.send({ msg: 'A simple message', conv_id: conversation, type: 'personal' });
      const ack = await alice.nextJson();
      expect(ack).toStrictEqual({ message_id: expect.any(Number) });
      expect(await bob.nextJson()).toStrictEqual({
        conv_id: conversation,
        message_id: ack.message_id,
        msg: 'A simple message',
        sender: `User ${a}`,
        timestamp: expect.stringMatching(TIMESTAMP),
        type: 'personal',
      });
      // The one who sent it gets the ack and nothing else; bob gets it once.
      await say(alice, 'personal', conversation, 'a marker');
      await expectNext(bob, 'a marker');
      expect([alice.unread, bob.unread]).toEqual([[], []]);
      expect(await target().store.message(ack.message_id as number)).toMatchObject({
        conversationId: conversation,
        seq: 1,
        senderId: a,
        recipientId: b,
      });
    });

    it('L6: a group message, in exactly these frames, to every other member', async () => {
      const [a, b, c] = target().newUsers(3);
      const [alice, bob, carol] = (await target().connectAll([a, b, c])) as [LegacyClient, LegacyClient, LegacyClient];
      const group = await initGroup(alice, [a, b, c]);
      bob.send({ msg: 'A simple message', conv_id: group, type: 'group' });
      const ack = await bob.nextJson();
      expect(ack).toStrictEqual({ message_id: expect.any(Number) });
      for (const other of [alice, carol]) {
        expect(await other.nextJson()).toStrictEqual({
          conv_id: group,
          message_id: ack.message_id,
          msg: 'A simple message',
          sender: `User ${b}`,
          timestamp: expect.stringMatching(TIMESTAMP),
          type: 'group',
        });
      }
      await bob.answered();
      expect(bob.unread).toEqual([]);
    });

    it('L3: the order of keys and further white space are free', async () => {
      const { alice, bob, conversation } = await pair();
      alice.sendText(`\n{ "type" : "personal" ,\t"conv_id": ${conversation},\r\n "msg": "spaced" }\n`);
      expect(await alice.nextJson()).toStrictEqual({ message_id: expect.any(Number) });
      await expectNext(bob, 'spaced');
    });

    it.each(BODIES)('L3, L4: a body of %s arrives as it was sent', async (_what, body) => {
      const { alice, bob, conversation } = await pair();
      await say(alice, 'personal', conversation, body);
      expect((await nextMessage(bob)).msg).toBe(body);
    });

    it('L3: acks come in the order of the sends, and messages arrive in that order', async () => {
      const { alice, bob, conversation } = await pair();
      const sent = Array.from({ length: 100 }, (_value, at) => `m${at + 1}`);
      for (const msg of sent) alice.send({ msg, conv_id: conversation, type: 'personal' });
      const acked = (await alice.nextFrames(sent.length)).map((frame) => frame.message_id);
      const got = await bob.nextFrames(sent.length);
      expect(got.map((frame) => frame.msg)).toEqual(sent);
      expect(got.map((frame) => frame.message_id)).toEqual(acked);
    });

    it('L8: the sender is shown by its display name', async () => {
      const { a, alice, bob, conversation } = await pair();
      await target().nameUser(a, 'Dakola "Timmy" 😀');
      alice.drop();
      const again = await target().connect(a);
      await say(again, 'personal', conversation, 'named, live');
      expect(await nextMessage(bob)).toMatchObject({ sender: 'Dakola "Timmy" 😀' });
    });

    it('L8: the sender is shown by its display name in what was pending too', async () => {
      const { a, b, alice, bob, conversation } = await pair();
      bob.drop();
      await target().nameUser(a, 'Dakola Timmy');
      await say(alice, 'personal', conversation, 'named, pending');
      expect(await nextMessage(await target().connect(b))).toMatchObject({ sender: 'Dakola Timmy' });
    });

    it('L8: the timestamp is UTC to the microsecond, and the one that is stored', async () => {
      const { b, alice, bob, conversation } = await pair();
      const before = Date.now() * 1_000 - SLACK_US;
      const live = await say(alice, 'personal', conversation, 'live');
      const timestamp = (await nextMessage(bob)).timestamp as string;
      expect(timestamp).toMatch(TIMESTAMP);
      const { sentAtUs } = await target().store.message(live);
      expect(micros(timestamp)).toBe(sentAtUs);
      expect(sentAtUs).toBeGreaterThan(before);
      expect(sentAtUs).toBeLessThan(Date.now() * 1_000 + SLACK_US);

      bob.drop();
      const ids: number[] = [];
      for (let count = 0; count < 10; count++) ids.push(await say(alice, 'personal', conversation, `pending ${count}`));
      const again = await target().connect(b);
      await again.take('the last', (text) => text.includes('"pending 9"'));
      const shown = again.log.flatMap(({ data }) => (/"timestamp":"([^"]+)"/.exec(data) ?? []).slice(1)).slice(-10);
      const stored = await Promise.all(ids.map((id) => target().store.message(id)));
      expect(shown.map(micros)).toEqual(stored.map((message) => message.sentAtUs));
    });

    it('L9: a message id is an integer, unique over all conversations and nodes', async () => {
      const pairs = await Promise.all([pair(), pair(), pair()]);
      const [a, b, c] = target().newUsers(3);
      const talkers = (await target().connectAll([a, b, c])) as [LegacyClient, LegacyClient, LegacyClient];
      const group = await initGroup(talkers[0], [a, b, c]);
      const each = 20;
      const ids = await Promise.all([
        ...pairs.flatMap(({ alice, bob, conversation }) => [
          sayMany(alice, 'personal', conversation, each),
          sayMany(bob, 'personal', conversation, each),
        ]),
        ...talkers.map((talker) => sayMany(talker, 'group', group, each)),
      ]);
      const all = ids.flat();
      expect(all.every((id) => Number.isSafeInteger(id) && id > 0)).toBe(true);
      expect(new Set(all).size).toBe(9 * each);
      const [first = 0] = ids[0] ?? [];
      expect(await target().store.message(first)).toMatchObject({ conversationId: pairs[0]?.conversation });
    });

    it('L14: every connection of a user gets everything, on whatever node, the sender’s others too', async () => {
      const [a, b] = target().newUsers(2);
      const alice = await target().connect(a);
      const conversation = await initPersonal(alice, [a, b]);
      const { nodes } = target();
      const everywhere = [...nodes, ...nodes.slice(0, 1)];
      const [hers, his] = await Promise.all(
        [a, b].map((user) => Promise.all(everywhere.map((node) => target().connect(user, { node })))),
      );
      const others = [...(hers ?? []), ...(his ?? [])];
      const id = await say(alice, 'personal', conversation, 'to all');
      for (const other of others) {
        expect(await nextMessage(other)).toStrictEqual({
          conv_id: conversation,
          message_id: id,
          msg: 'to all',
          sender: `User ${a}`,
          timestamp: expect.stringMatching(TIMESTAMP),
          type: 'personal',
        });
      }
      const [another] = his as [LegacyClient];
      await say(another, 'personal', conversation, 'and back');
      for (const other of [alice, ...others.filter((one) => one !== another)]) await expectNext(other, 'and back');
      for (const one of [alice, ...others]) expect(one.unread).toEqual([]);
    });

    it('L14: a connection that goes takes none of the others with it', async () => {
      const [a, b] = target().newUsers(2);
      const [alice, first] = (await target().connectAll([a, b])) as [LegacyClient, LegacyClient];
      const second = await target().connect(b);
      const conversation = await initPersonal(alice, [a, b]);
      first.drop();
      await say(alice, 'personal', conversation, 'to the one that is left');
      await expectNext(second, 'to the one that is left');
    });

    it('L14: a group message reaches every connection of every member', async () => {
      const [a, b, c] = target().newUsers(3);
      const members = [a, b, c, a, b, c];
      const clients = await Promise.all(
        members.map((user, at) => target().connect(user, { node: target().nodeOf(user + Math.floor(at / 3)) })),
      );
      const [alice] = clients as [LegacyClient];
      const group = await initGroup(alice, [a, b, c]);
      await say(alice, 'group', group, 'to all');
      for (const other of clients.slice(1)) await expectNext(other, 'to all');
      await alice.answered();
      for (const one of clients) expect(one.unread).toEqual([]);
    });

    it('L11: a group message reaches those online at once, and the others on their next connect', async () => {
      const [a, b, c, d] = target().newUsers(4);
      const [alice, bob] = (await target().connectAll([a, b])) as [LegacyClient, LegacyClient];
      const group = await initGroup(alice, [a, b, c, d]);
      const ids = [await say(alice, 'group', group, 'one'), await say(bob, 'group', group, 'two')];
      await expectNext(bob, 'one');
      await expectNext(alice, 'two');
      const late = (await target().connectAll([c, d])) as [LegacyClient, LegacyClient];
      for (const other of late) {
        const pending = await other.nextFrames(2);
        expect(pending.map((frame) => [frame.message_id, frame.msg, frame.sender, frame.type])).toEqual([
          [ids[0], 'one', `User ${a}`, 'group'],
          [ids[1], 'two', `User ${b}`, 'group'],
        ]);
      }
      await say(alice, 'group', group, 'live');
      for (const other of late) await expectNext(other, 'live');
      for (const other of late) expect(other.unread).toEqual([]);
    });
  });
}

interface Pair {
  readonly alice: LegacyClient;
  readonly bob: LegacyClient;
}

async function sayMany(
  client: LegacyClient,
  kind: 'personal' | 'group',
  conversation: number,
  count: number,
): Promise<number[]> {
  const ids: number[] = [];
  for (let sent = 0; sent < count; sent++) ids.push(await say(client, kind, conversation, `${sent}`));
  return ids;
}

/** Microseconds since the epoch of an L8 timestamp. */
function micros(timestamp: string): number {
  const [seconds = '', fraction] = timestamp.split('.');
  return Date.parse(`${seconds.replace(' ', 'T')}Z`) * 1_000 + Number(fraction);
}
