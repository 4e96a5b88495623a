import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLIENT_FRAMES, decodeCurrentFrame } from '../src/current/client-frame.ts';
import { decodeHotFrame } from '../src/current/hot-frame.ts';
import { ERROR_CODES } from '../src/error-code.ts';
import { jsonSchemas } from '../src/json-schema.ts';
import { LIMITS } from '../src/limits.ts';
import { arbitraryOf, damaged } from './support/frame-arbitrary.ts';

type Frame = Record<string, unknown>;

const { hello: _, ...SCHEMAS } = jsonSchemas().client;
const TYPES = Object.keys(SCHEMAS) as (keyof typeof CLIENT_FRAMES)[];
const frameOf = (type: string) => arbitraryOf(SCHEMAS[type]!) as fc.Arbitrary<Frame>;
const anyFrame = fc.constantFrom(...TYPES).chain(frameOf);
const decoded = (frame: unknown) => decodeCurrentFrame(JSON.stringify(frame));
const OWN_WORDS = /^(?:[a-z_]+: )?[A-Za-z"][^\n]*\.$/;
const ZODS_WORDS = /invalid input|too (?:big|small)|expected|received|required/i;

describe.each(TYPES)('%s', (type) => {
  test('what the schema takes is decoded as it was sent, with defaults', () => {
    fc.assert(
      fc.property(frameOf(type), (frame) => {
        const { conv_id, ...expected } = CLIENT_FRAMES[type].parse(frame) as Frame;
        const isInit = type.startsWith('init_');
        const localId = conv_id === undefined ? null : JSON.stringify(conv_id);
        expect(decoded(frame)).toEqual({
          ok: true,
          frame: isInit ? { ...expected, localId } : { ...expected, ...(conv_id === undefined ? {} : { conv_id }) },
        });
      }),
      { numRuns: 60 },
    );
  });

  test('fields of a newer minor version are passed over', () => {
    const extra = fc.dictionary(fc.stringMatching(/^x_[a-z]{1,8}$/), fc.jsonValue({ maxDepth: 2 }));
    fc.assert(
      fc.property(frameOf(type), extra, (frame, more) => {
        expect(decoded({ ...frame, ...more })).toEqual(decoded(frame));
      }),
      { numRuns: 30 },
    );
  });
});

test('anything at all is decoded or refused, in our words, with the ref when that is valid (L15)', () => {
  const junk = fc.oneof(
    fc.string(),
    fc.json(),
    anyFrame.chain(damaged).map((frame) => JSON.stringify(frame)),
    anyFrame.map((frame) => JSON.stringify(frame).slice(0, -1)),
  );
  fc.assert(
    fc.property(junk, (text) => {
      const result = decodeCurrentFrame(text);
      if (result.ok) return;
      expect(Object.keys(ERROR_CODES)).toContain(result.error);
      expect(result.detail).toMatch(OWN_WORDS);
      expect(result.detail).not.toMatch(ZODS_WORDS);
      if (result.error !== 'invalid_json') expect(result.ref).toEqual(validRef(JSON.parse(text)));
    }),
    { numRuns: 2_000 },
  );
});

function validRef({ ref }: { ref?: unknown }): unknown {
  if (typeof ref === 'string')
    return ref.length >= 1 && ref.length <= LIMITS.maxRefChars && ref.isWellFormed() ? ref : undefined;
  return Number.isSafeInteger(ref) && (ref as number) >= 0 ? ref : undefined;
}

test('the short way for sends and receipts takes exactly what their schemas take', () => {
  const hot = fc.constantFrom('personal', 'group', 'delivered', 'seen').chain(frameOf);
  const maybeDamaged = fc.oneof(hot, hot.chain(damaged), hot.chain(damaged).chain(damaged));
  let taken = 0;
  let left = 0;
  fc.assert(
    fc.property(maybeDamaged, (sent) => {
      const frame = JSON.parse(JSON.stringify(sent)) as Frame;
      const parsed = schemaOf(frame.type)?.safeParse(frame);
      const short = decodeHotFrame(frame);
      if (short === null) left += 1;
      else taken += 1;
      const isHot = ['personal', 'group', 'delivered', 'seen'].includes(frame.type as string);
      expect(short).toEqual(isHot && parsed?.success === true ? parsed.data : null);
    }),
    { numRuns: 4_000 },
  );
  expect(Math.min(taken, left)).toBeGreaterThan(400);
});

/** A damaged type may be anything: the name of what every object has, or an object that is no text. */
function schemaOf(type: unknown): (typeof CLIENT_FRAMES)['seen'] | undefined {
  return typeof type === 'string' && Object.hasOwn(CLIENT_FRAMES, type)
    ? (CLIENT_FRAMES[type as keyof typeof CLIENT_FRAMES] as (typeof CLIENT_FRAMES)['seen'])
    : undefined;
}

test('a type that is not known is answered with those that are', () => {
  for (const type of ['', 'constructor', '__proto__', 'toString', 'welcome', 'reaction', 7, null, undefined, {}]) {
    const result = decoded({ type, ref: 'r' });
    expect(result).toMatchObject({ ok: false, error: 'unknown_type', ref: 'r' });
    for (const known of TYPES) expect((result as { detail: string }).detail).toContain(known);
  }
});

test('a second hello is refused', () => {
  const second = { type: 'hello', v: 2, user_id: 7, ref: 1 };
  expect(decoded(second)).toMatchObject({ ok: false, error: 'already_signed_in', ref: 1 });
});

describe('what is wrong is named, and no value is echoed', () => {
  const SECRET = 'secret-words';
  const send = { type: 'personal', conv_id: 1, msg: 'hi' };
  test.each([
    [{ ...send, conv_id: SECRET }, 'invalid_frame', 'conv_id: send a positive integer.'],
    [{ ...send, conv_id: 2 ** 53 }, 'invalid_frame', 'conv_id: send a positive integer.'],
    [{ type: 'group', msg: SECRET }, 'invalid_frame', 'conv_id: send a positive integer.'],
    [{ ...send, msg: 7 }, 'invalid_frame', 'msg: send a string.'],
    [{ ...send, msg: '' }, 'invalid_frame', 'msg: send a string that is not empty.'],
    [{ ...send, msg: `${SECRET}\ud800` }, 'invalid_text', 'msg: send well-formed Unicode, without lone surrogates.'],
    [{ ...send, msg: 'é'.repeat(32_768) }, 'message_too_large', 'msg: send at most 65535 bytes of UTF-8.'],
    [
      { ...send, client_id: `~${SECRET}` },
      'invalid_frame',
      'client_id: send 1 to 64 characters of printable ASCII, without spaces and not starting with "~".',
    ],
    [
      { ...send, ref: -1 },
      'invalid_frame',
      'ref: send an integer from 0 to 2^53 - 1 or a string of 1 to 64 characters.',
    ],
    [
      { type: 'seen', message_id: [1], conv_id: 1 },
      'invalid_frame',
      'conv_id: send either message_id, or conv_id with seq.',
    ],
    [
      { type: 'seen', message_id: [1, SECRET] },
      'invalid_frame',
      'message_id: send an array of 1 to 10000 positive integers.',
    ],
    [{ type: 'history', conv_id: 1, before: 2, after: 1 }, 'invalid_frame', 'Send before or after, not both.'],
    [{ type: 'history', conv_id: 1, limit: 201 }, 'invalid_frame', 'limit: send an integer from 1 to 200.'],
    [
      { type: 'group_role', conv_id: 1, user_id: 2, role: SECRET },
      'invalid_frame',
      'role: send "owner", "admin" or "member".',
    ],
    [{ type: 'typing', conv_id: 1, active: 'yes' }, 'invalid_frame', 'active: send true or false.'],
    [{ type: 'refresh', token: SECRET }, 'invalid_token', 'token: send a valid token.'],
    [
      { type: 'init_personal', member: [1, 2], conv_id: { SECRET } },
      'invalid_frame',
      'conv_id: send an integer or a string of at most 128 characters.',
    ],
  ])('%j', (frame, error, detail) => {
    expect(decoded(frame)).toEqual({ ok: false, error, detail });
  });
});

describe('at the bounds', () => {
  const accepts = (frame: Frame): boolean => decoded(frame).ok;
  const send = (more: Frame) => ({ type: 'personal', conv_id: 1, msg: 'hi', ...more });
  const idsUpTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  test.each([
    ['msg', send({ msg: 'x'.repeat(LIMITS.maxMessageBytes) }), send({ msg: 'x'.repeat(LIMITS.maxMessageBytes + 1) })],
    ['client_id', send({ client_id: 'x'.repeat(64) }), send({ client_id: 'x'.repeat(65) })],
    ['ref, a string', send({ ref: 'x'.repeat(64) }), send({ ref: 'x'.repeat(65) })],
    ['ref, whole characters', send({ ref: '\u{1F600}' }), send({ ref: '\uD83D' })],
    ['ref, a number', send({ ref: 2 ** 53 - 1 }), send({ ref: 2 ** 53 })],
    ['conv_id', send({ conv_id: 2 ** 53 - 1 }), send({ conv_id: 2 ** 53 })],
    [
      'seen ids',
      { type: 'seen', message_id: idsUpTo(LIMITS.maxSeenIds) },
      { type: 'seen', message_id: idsUpTo(LIMITS.maxSeenIds + 1) },
    ],
    ['watch', { type: 'watch', user_id: idsUpTo(100) }, { type: 'watch', user_id: idsUpTo(101) }],
    ['members page', { type: 'members', conv_id: 1, limit: 1_000 }, { type: 'members', conv_id: 1, limit: 1_001 }],
    ['no ids', { type: 'presence', user_id: [1] }, { type: 'presence', user_id: [] }],
  ])('%s', (_, inside, outside) => {
    expect(accepts(inside)).toBe(true);
    expect(accepts(outside)).toBe(false);
  });
});

test('a local id keeps its digits, however many', () => {
  const text = '{"type":"init_group","conv_id":123456789012345678901234567890,"member":[1],"group_name":"x","ref":3}';
  expect(decodeCurrentFrame(text)).toMatchObject({ ok: true, frame: { localId: '123456789012345678901234567890' } });
  const exponent = decodeCurrentFrame('{"type":"init_personal","conv_id":1e300,"member":[1,2],"ref":3}');
  expect(exponent).toMatchObject({ ok: false, error: 'invalid_frame', ref: 3 });
});
