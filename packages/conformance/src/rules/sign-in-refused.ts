import type { ErrorName } from '@parley/protocol';
import { aText, type Pattern, textLike } from '../pattern.ts';
import { rule } from '../rule.ts';
import type { Scene } from '../scene.ts';

/** Sends a first frame that is refused with an error, its ref, and a close code. */
async function refusedHello(
  scene: Scene,
  hello: object,
  error: ErrorName,
  close: 'sign_in_refused' | 'unsupported_version' = 'sign_in_refused',
  message: Pattern = aText,
): Promise<void> {
  const alice = await scene.open();
  alice.send({ ...hello, ref: 'first' });
  await alice.expectError(error, { ref: 'first', message });
  await alice.expectClose(close);
}

const WRONG_FIELDS: readonly (readonly [what: string, fields: object])[] = [
  ['no v', { v: undefined }],
  ['a v that is a text', { v: '2' }],
  ['a v that is a fraction', { v: 2.5 }],
  ['neither token nor user_id', { user_id: undefined, token: undefined }],
  ['an empty device', { device: '' }],
  ['a device of 65 characters', { device: 'd'.repeat(65) }],
  ['a device with a space', { device: 'my phone' }],
  ['a device beyond ASCII', { device: 'téléphone' }],
  ['a client of 101 characters', { client: 'c'.repeat(101) }],
  ['cursors of no known word', { cursors: 'client' }],
  ['a cursor below 0', { cursors: { 5: -1 } }],
  ['a cursor that is a text', { cursors: { 5: '1' } }],
  ['a cursor of no conversation', { cursors: { abc: 1 } }],
  ['10,001 cursors', { cursors: Object.fromEntries(Array.from({ length: 10_001 }, (_value, at) => [at + 1, 0])) }],
  ['groups that are no ids', { groups: ['5'] }],
  ['an epoch of 65 characters', { epoch: 'e'.repeat(65) }],
  ['statuses of 1,001 conversations', { status_of: Array.from({ length: 1_001 }, (_value, at) => at + 1) }],
  ['a minor that is a text', { minor: 'one' }],
];

/** V12x: first frames that are refused. */
export const signInRefusedRules = [
  rule('V120', 'a hello of another major version is refused, naming version 2, and not to come back', async (scene) => {
    const [a] = await scene.users(1);
    const hello = { ...scene.helloOf(a), v: 3 };
    await refusedHello(scene, hello, 'unsupported_version', 'unsupported_version', textLike(/\b2\b/));
  }),
  rule('V121', 'a hello with wrong fields is refused, naming the field', async (scene) => {
    const [a] = await scene.users(1);
    for (const [what, fields] of WRONG_FIELDS) {
      scene.note(what);
      await refusedHello(scene, { ...scene.helloOf(a), ...fields }, 'invalid_frame');
    }
  }),
  rule('V122', 'a hello with both a token and a user id is refused', async (scene) => {
    const [a] = await scene.users(1);
    const both = { user_id: a, token: 'e30.e30.c2ln' };
    await refusedHello(scene, { ...scene.helloOf(a), ...both }, 'invalid_frame');
  }),
  rule(
    'V123',
    'a user id that is none is refused',
    async (scene) => {
      for (const user_id of [0, -7, 7.5, '7', 2 ** 53, null]) {
        await refusedHello(scene, { type: 'hello', v: 2, user_id }, 'invalid_frame');
      }
    },
    { proves: ['L1a'] },
  ),
  rule(
    'V124',
    'development sign-in takes no tokens',
    async (scene) => await refusedHello(scene, { type: 'hello', v: 2, token: 'e30.e30.c2ln' }, 'invalid_user_id'),
    { needs: ['user_ids'], proves: ['L17'] },
  ),
  rule(
    'V125',
    'a bare user id proves nothing where tokens are asked for',
    async (scene) => await refusedHello(scene, { type: 'hello', v: 2, user_id: scene.stranger() }, 'invalid_token'),
    { needs: ['tokens'], proves: ['L17'] },
  ),
  rule(
    'V126',
    'a token that is no token, or not signed by the right hand, is refused',
    async (scene) => {
      const good = scene.token(scene.stranger());
      const cut = good.slice(0, good.lastIndexOf('.') + 1);
      for (const token of ['no token', 'e30.e30.c2ln', cut, `${good.slice(0, -4)}AAAA`]) {
        await refusedHello(scene, { type: 'hello', v: 2, token }, 'invalid_token');
      }
    },
    { needs: ['tokens'], proves: ['L17'] },
  ),
  rule(
    'V127',
    'a token that has expired is refused as such',
    async (scene) => {
      const token = scene.token(scene.stranger(), { expiresInS: -3_600 });
      await refusedHello(scene, { type: 'hello', v: 2, token }, 'token_expired');
    },
    { needs: ['tokens'], proves: ['L17'] },
  ),
  rule('V128', 'a binary first frame is refused', async (scene) => {
    const alice = await scene.open();
    alice.sendBinary(Buffer.from('{"type":"hello","v":2}'));
    await alice.expectError('invalid_user_id');
    await alice.expectClose('sign_in_refused');
  }),
];
