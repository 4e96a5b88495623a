import { CLOSE_CODES, ERROR_CODES } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { expectNext, initGroup, initPersonal, say } from '../support/chat.ts';
import type { LegacyClient } from '../support/legacy-client.ts';
import type { Target } from '../support/target.ts';

export function errorTranscripts(target: () => Target): void {
  describe('errors', () => {
    it('L15: one frame with exactly these fields, and the connection lives on', async () => {
      const [a, b] = target().newUsers(2);
      const [alice, bob] = (await target().connectAll([a, b])) as [LegacyClient, LegacyClient];
      const conversation = await initPersonal(alice, [a, b]);
      const before = await target().store.totals();
      const wrong: readonly (readonly [string, keyof typeof ERROR_CODES])[] = [
        ['hello', 'invalid_json'],
        [`{"type":"personal","conv_id":"${conversation}","msg":"x"}`, 'invalid_frame'],
        ['{"type":"greeting"}', 'unknown_type'],
        [`{"type":"group","conv_id":${conversation},"msg":"x"}`, 'wrong_conversation_type'],
        ['{"type":"personal","conv_id":9007199254740991,"msg":"x"}', 'not_a_member'],
        ['{"type":"seen","message_id":[9007199254740991]}', 'unknown_message'],
      ];
      for (const [frame, name] of wrong) {
        alice.sendText(frame);
        expect(await alice.nextJson()).toStrictEqual({
          type: 'error',
          code: ERROR_CODES[name].code,
          name,
          message: expect.stringMatching(/^.{10,200}$/),
          temporary: ERROR_CODES[name].temporary,
        });
      }
      expect(await target().store.totals()).toEqual(before);
      await say(alice, 'personal', conversation, 'alive');
      await expectNext(bob, 'alive');
      expect([alice.unread, bob.unread, alice.closed]).toEqual([[], [], null]);
    });

    it('L15: errors come in the order of the frames, among the other answers', async () => {
      const [a, b] = target().newUsers(2);
      const alice = await target().connect(a);
      const conversation = await initPersonal(alice, [a, b]);
      const rounds = 10;
      for (let round = 0; round < rounds; round++) {
        alice.send({ msg: 'm', conv_id: conversation, type: 'personal' });
        alice.sendText('{');
        alice.send({ msg: 'm', conv_id: Number.MAX_SAFE_INTEGER, type: 'group' });
      }
      const answers = await alice.nextFrames(3 * rounds);
      const kinds = answers.map((answer) => (answer.type === 'error' ? answer.name : Object.keys(answer).join()));
      expect(kinds).toEqual(
        Array.from({ length: rounds }, () => ['message_id', 'invalid_json', 'not_a_member']).flat(),
      );
    });

    it('L15: members are told that a group is not theirs, and it stays as it is', async () => {
      const [a, b, c] = target().newUsers(3);
      const [alice, bob, carol] = (await target().connectAll([a, b, c])) as [LegacyClient, LegacyClient, LegacyClient];
      const group = await initGroup(alice, [a, b]);
      carol.send({ msg: 'let me in', conv_id: group, type: 'group' });
      expect(await carol.nextJson()).toMatchObject({ code: 3001, name: 'not_a_member' });
      await say(alice, 'group', group, 'without her');
      await expectNext(bob, 'without her');
      expect(await target().store.conversation(group)).toMatchObject({ lastSeq: 1 });
    });

    it('L15: a first frame that does not come is an error, and the close code says that coming back may help', async () => {
      const node = await target().startNode({ PARLEY_SIGN_IN_TIMEOUT_MS: '300' });
      const client = await target().open(node);
      expect(await client.nextJson()).toStrictEqual({
        type: 'error',
        code: 2004,
        name: 'sign_in_timeout',
        message: ERROR_CODES.sign_in_timeout.message,
        temporary: true,
      });
      const { code, reason } = CLOSE_CODES.sign_in_timeout;
      expect(await client.ended()).toEqual({ code, reason });
    });
  });
}
