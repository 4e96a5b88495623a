import { beforeAll, describe, expect, it } from 'vitest';
import { initPersonal, nextMessage, say } from '../support/chat.ts';
import type { EdgeProcess } from '../support/edge-process.ts';
import { JWT_SETTINGS, nowSeconds, token } from '../support/jwt.ts';
import { LegacyClient } from '../support/legacy-client.ts';
import type { Target } from '../support/target.ts';

export function tokenTranscripts(target: () => Target): void {
  describe('sign-in by token', () => {
    let node: EdgeProcess;
    beforeAll(async () => {
      node = await target().startNode(JWT_SETTINGS);
    });

    const signIn = async (claims: object): Promise<LegacyClient> =>
      target().track(await LegacyClient.signIn(node.url, token(claims)));

    it('L17: a token whose sub is the user id is answered with the same text', async () => {
      const [user] = target().newUsers(1);
      const client = await target().open(node);
      client.sendText(` ${token({ sub: String(user) })}\n`);
      expect(await client.next()).toBe(`user id ${user} received`);
      await client.answered();
      expect(client.unread).toEqual([]);
    });

    it('L17, L8: the token’s name is the display name', async () => {
      const [a, b] = target().newUsers(2);
      const alice = await signIn({ sub: String(a), name: 'Dakola Timmy' });
      const bob = await signIn({ sub: String(b) });
      const conversation = await initPersonal(alice, [a, b]);
      await say(alice, 'personal', conversation, 'with a name');
      expect(await nextMessage(bob)).toMatchObject({ msg: 'with a name', sender: 'Dakola Timmy' });
      await say(bob, 'personal', conversation, 'without one');
      expect(await nextMessage(alice)).toMatchObject({ msg: 'without one', sender: `User ${b}` });
    });

    it('L13: members must be known users', async () => {
      const [a, b, c] = target().newUsers(3);
      const alice = await signIn({ sub: String(a) });
      const unknown = { code: 3003, name: 'unknown_member', temporary: false };
      alice.send({ conv_id: 1, member: [a, b], type: 'init_personal' });
      expect(await alice.nextJson()).toMatchObject(unknown);
      await signIn({ sub: String(b) });
      alice.send({ conv_id: 1, member: [a, b, c], group_name: 'G', description: '', type: 'init_group' });
      expect(await alice.nextJson()).toMatchObject(unknown);
      const conversation = await initPersonal(alice, [a, b]);
      expect(conversation).toBeGreaterThan(0);
    });

    const hour = 3_600;
    const refused: readonly (readonly [what: string, firstFrame: (user: number) => string, name: string])[] = [
      ['a bare user id', (user) => `${user}`, 'invalid_token'],
      ['nothing', () => '', 'invalid_token'],
      ['a token that has expired', (user) => token({ sub: `${user}`, exp: nowSeconds() - hour }), 'token_expired'],
      ['a token that is not valid yet', (user) => token({ sub: `${user}`, nbf: nowSeconds() + hour }), 'invalid_token'],
      ['a token that never expires', (user) => token({ sub: `${user}`, exp: undefined }), 'invalid_token'],
      ['another secret', (user) => token({ sub: `${user}` }, { secret: 'x'.repeat(32) }), 'invalid_token'],
      ['no signature', (user) => unsigned({ sub: `${user}` }), 'invalid_token'],
      ['a signature cut off', (user) => token({ sub: `${user}` }).slice(0, -3), 'invalid_token'],
      ['another algorithm', (user) => token({ sub: `${user}` }, { header: { alg: 'HS512' } }), 'invalid_token'],
      [
        'a header that asks for "none"',
        (user) => token({ sub: `${user}` }, { header: { alg: 'none' } }),
        'invalid_token',
      ],
      ['no sub', () => token({}), 'invalid_token'],
      ['a sub that is no user id', () => token({ sub: 'alice' }), 'invalid_token'],
      ['a sub with a sign', (user) => token({ sub: `-${user}` }), 'invalid_token'],
      ['a sub that is a number', (user) => token({ sub: user }), 'invalid_token'],
      ['a claim set that is no JSON', () => 'e30.bm90IGpzb24.c2ln', 'invalid_token'],
      ['a token over 8,192 bytes', (user) => token({ sub: `${user}`, padding: 'p'.repeat(8_192) }), 'invalid_token'],
    ];

    it.each(refused)('L17, L15: refuses %s, closes, and creates nobody', async (_what, firstFrame, name) => {
      const [user] = target().newUsers(1);
      const client = await target().open(node);
      client.sendText(firstFrame(user));
      expect(await client.nextJson()).toStrictEqual({
        type: 'error',
        code: name === 'token_expired' ? 2003 : 2002,
        name,
        message: expect.any(String),
        temporary: false,
      });
      expect(await client.ended()).toEqual({ code: 4501, reason: 'sign-in refused' });
      expect(client.unread).toEqual([]);
      expect(await target().store.userName(user)).toBeNull();
    });

    it('L17: development sign-in says loudly what it is, and takes no tokens', async () => {
      const [open] = target().nodes as [EdgeProcess];
      expect(open.logged).toContainEqual(
        expect.objectContaining({ level: 'warn', message: expect.stringMatching(/development sign-in/) }),
      );
      expect(node.logged.some(({ message }) => /development sign-in/.test(String(message)))).toBe(false);
      const [user] = target().newUsers(1);
      const client = await target().open();
      client.sendText(token({ sub: String(user) }));
      expect(await client.nextJson()).toMatchObject({ code: 2001, name: 'invalid_user_id' });
      expect(await client.ended()).toMatchObject({ code: 4501 });
    });
  });
}

function unsigned(claims: object): string {
  const signed = token(claims);
  return signed.slice(0, signed.lastIndexOf('.') + 1);
}
