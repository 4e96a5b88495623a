import { describe, expect, it } from 'vitest';
import { expectNext, initGroup, initPersonal, say } from '../support/chat.ts';
import type { Target } from '../support/target.ts';

const LARGEST = Number.MAX_SAFE_INTEGER;

const ACCEPTED: readonly (readonly [what: string, firstFrame: (id: number) => string])[] = [
  ['digits', (id) => `${id}`],
  ['spaces around', (id) => ` ${id} `],
  ['a tab before, a line break behind', (id) => `\t${id}\r\n`],
];

const REFUSED: readonly (readonly [firstFrame: string, what: string])[] = [
  ['', 'nothing'],
  ['   ', 'white space'],
  ['0', 'zero'],
  ['-7', 'a minus'],
  ['+7', 'a plus'],
  ['7.0', 'a fraction'],
  ['7.', 'a fraction without digits'],
  ['7e0', 'an exponent'],
  ['0x7', 'hexadecimal'],
  ['7 8', 'two ids'],
  ['7n', 'a letter'],
  ['٧', 'a digit that is not ASCII'],
  ['9007199254740992', '2^53'],
  ['9007199254740993', '2^53 + 1'],
  ['18446744073709551623', '2^64 + 7'],
  ['99999999999999999999999999999999', 'a huge id'],
  ['"7"', 'JSON text'],
  ['{"user_id": 7}', 'a JSON object'],
  ['[7]', 'a JSON array'],
  ['null', 'null'],
  ['NaN', 'NaN'],
  ['user 7', 'words'],
];

export function signInTranscripts(target: () => Target): void {
  describe('sign-in', () => {
    it('L1: the first frame, a bare user id, is answered with a text that is not JSON', async () => {
      const [user] = target().newUsers(1);
      const client = await target().open();
      client.sendText(String(user));
      expect(await client.next()).toBe(`user id ${user} received`);
      await client.answered();
      expect(client.unread).toEqual([]);
      expect(client.closed).toBeNull();
      expect(await target().store.userName(user)).toBe(`User ${user}`);
    });

    it('L1: everything pending follows, of all conversations, oldest first', async () => {
      const [a, b, c] = target().newUsers(3);
      const [alice, bob] = (await target().connectAll([a, b])) as [Client, Client];
      const withAlice = await initPersonal(alice, [a, c]);
      const withBob = await initPersonal(bob, [c, b]);
      const group = await initGroup(alice, [a, b, c]);
      const sent: [msg: string, conversation: number, id: number, type: string][] = [];
      for (let round = 1; round <= 5; round++) {
        const [one, two, three, four] = [`a${round}`, `g${round}`, `b${round}`, `h${round}`] as const;
        sent.push([one, withAlice, await say(alice, 'personal', withAlice, one), 'personal']);
        sent.push([two, group, await say(bob, 'group', group, two), 'group']);
        sent.push([three, withBob, await say(bob, 'personal', withBob, three), 'personal']);
        sent.push([four, group, await say(alice, 'group', group, four), 'group']);
      }
      const carol = await target().open(target().nodeOf(c));
      carol.sendText(String(c));
      expect(await carol.next()).toBe(`user id ${c} received`);
      const pending = await carol.nextFrames(sent.length);
      const got = pending.map((frame) => [frame.msg, frame.conv_id, frame.message_id, frame.type]);
      expect(got).toStrictEqual(sent);
      const times = pending.map((frame) => frame.timestamp as string);
      expect(times).toEqual([...times].sort());
      await carol.answered();
      expect(carol.unread).toEqual([]);
    });

    it('L1: what has been delivered is pending no more, nor is what the user sent itself', async () => {
      const [a, b] = target().newUsers(2);
      const [alice, bob] = (await target().connectAll([a, b])) as [Client, Client];
      const conversation = await initPersonal(alice, [a, b]);
      const delivered = await say(alice, 'personal', conversation, 'delivered before');
      await expectNext(bob, 'delivered before');
      await expect.poll(async () => (await target().store.message(delivered)).status).toBe('delivered');
      await say(bob, 'personal', conversation, "bob's own");
      bob.drop();
      const again = await target().connect(b);
      await say(alice, 'personal', conversation, 'a marker');
      await expectNext(again, 'a marker');
      expect(again.unread).toEqual([]);
    });

    it.each(ACCEPTED)('L1a: takes %s', async (_what, firstFrame) => {
      const [user] = target().newUsers(1);
      const client = await target().open();
      client.sendText(firstFrame(user));
      expect(await client.next()).toBe(`user id ${user} received`);
    });

    it('L1a: takes 2^53 - 1, and every digit of it comes back', async () => {
      const client = await target().open();
      client.sendText(String(LARGEST));
      expect(await client.next()).toBe(`user id ${LARGEST} received`);
      expect(await target().store.userName(LARGEST)).toBe(`User ${LARGEST}`);
      const [peer] = target().newUsers(1);
      const conversation = await initPersonal(client, [LARGEST, peer]);
      const id = await say(client, 'personal', conversation, 'from the last user');
      expect(await target().store.message(id)).toMatchObject({ senderId: LARGEST, recipientId: peer });
    });

    it.each(REFUSED)('L1a: refuses %j (%s) with an error, closes, and creates nobody', async (firstFrame) => {
      const before = await target().store.totals();
      const client = await target().open();
      client.sendText(firstFrame);
      const refusal = await client.nextJson();
      expect(refusal).toStrictEqual({
        type: 'error',
        code: 2001,
        name: 'invalid_user_id',
        message: expect.any(String),
        temporary: false,
      });
      expect(await client.ended()).toEqual({ code: 4501, reason: 'sign-in refused' });
      expect(client.unread).toEqual([]);
      expect(await target().store.totals()).toEqual(before);
    });
  });
}

type Client = Awaited<ReturnType<Target['connect']>>;
