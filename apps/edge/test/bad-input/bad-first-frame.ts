import { type BadInput, CANARY, type Outcome } from './bad-input.ts';

const refused: Outcome = { end: 'sign_in_refused', error: 'invalid_user_id' };

const first = (name: string, wire: BadInput['wire'], outcome: Outcome = refused): BadInput => ({
  name: `as first frame: ${name}`,
  when: 'first',
  wire,
  outcome,
});

/** L1a; more of it in the golden transcripts. */
export const BAD_FIRST_FRAMES: readonly BadInput[] = [
  first('nothing', () => ''),
  first('a sign', ({ me }) => `-${me}`),
  first('a fraction', ({ me }) => `${me}.0`),
  first('an exponent', ({ me }) => `${me}e0`),
  first('zero', () => '0'),
  first('2^53', () => '9007199254740992'),
  first('seventeen digits', () => '00000000000000007'),
  first('JSON', ({ me, peer }) => ({ conv_id: 1, member: [me, peer], type: 'init_personal' })),
  first('a message', ({ myPersonal }) => ({ msg: CANARY, conv_id: myPersonal, type: 'personal' })),
  first('a zero byte behind the id', ({ me }) => `${me}\0`),
  first('a token, where ids are taken', () => 'e30.e30.e30'),
  first('a token of 1 MiB', () => `${'a'.repeat(1_048_576)}.e30.e30`),
  first('1 MiB of digits', () => '7'.repeat(1_048_576)),
  first('1 MiB of white space around an id', ({ me }) => `${' '.repeat(1_048_576)}${me}`),
  first('a binary frame', ({ me }) => ({ binary: Buffer.from(`${me}`) })),
  first('bytes that are no UTF-8', () => Uint8Array.from([0x37, 0xff]), { cut: true }),
  first('over 1,310,720 bytes', () => '7'.repeat(1_310_721), { cut: true }),
  first('plain HTTP', () => ({ raw: Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n') }), { cut: true }),
  first('an id with leading zeros', ({ me }) => `000${me}`, { answer: 'user id ' }),
];
