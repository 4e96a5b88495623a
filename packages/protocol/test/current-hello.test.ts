import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hello } from '../src/current/client/hello.ts';
import { decodeHello } from '../src/current/sign-in.ts';
import { jsonSchemas } from '../src/json-schema.ts';
import { LIMITS } from '../src/limits.ts';
import { CURRENT_PROTOCOL } from '../src/version.ts';
import { arbitraryOf, damaged } from './support/frame-arbitrary.ts';

const anyHello = arbitraryOf(jsonSchemas().client.hello!) as fc.Arbitrary<Record<string, unknown>>;
const said = (frame: unknown) => decodeHello(JSON.stringify(frame));
const HELLO = { type: 'hello', v: 2, user_id: 7 };

test('what the schema takes is decoded as it was sent', () => {
  fc.assert(
    fc.property(anyHello, (frame) => {
      expect(said(frame)).toEqual({ kind: 'hello', hello: hello.parse(frame) });
      expect(hello.parse(frame)).toEqual(frame);
    }),
  );
});

test('anything at all is taken, refused in our words, or left to the legacy protocol', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        anyHello.chain(damaged).map((frame) => JSON.stringify(frame)),
      ),
      (text) => {
        const result = decodeHello(text);
        if (result.kind === 'refused') expect(result.detail).not.toMatch(/invalid input|too (?:big|small)|expected/i);
      },
    ),
    { numRuns: 1_000 },
  );
});

test.each([
  '7',
  ' 7 ',
  '',
  'a.b.c',
  '{',
  '{}',
  '[]',
  'null',
  '"hello"',
  '{"type":"personal"}',
  '{"type":"hello"',
  '[{"type":"hello"}]',
])('L1: %s is no hello', (text) => {
  expect(decodeHello(text)).toEqual({ kind: 'not_hello' });
});

test('white space around it does not matter', () => {
  expect(decodeHello(` \n\t${JSON.stringify(HELLO)}\r\n `)).toEqual({ kind: 'hello', hello: HELLO });
});

describe('versions', () => {
  test('any minor version of this major version is welcome, with fields that are not known here', () => {
    expect(said({ ...HELLO, minor: CURRENT_PROTOCOL.minor + 9, compression: 'zstd', v3: {} })).toEqual({
      kind: 'hello',
      hello: { ...HELLO, minor: CURRENT_PROTOCOL.minor + 9 },
    });
  });

  test.each([0, 1, 3, 99])('version %i is refused, whatever else it brings, and told which one is spoken', (v) => {
    expect(said({ type: 'hello', v, who: 'a newer client', ref: 'r' })).toEqual({
      kind: 'refused',
      error: 'unsupported_version',
      detail: 'This node speaks version 2: send "v":2.',
      ref: 'r',
    });
  });

  test.each(['2', null, 2.5, undefined])('a version that is none (%s) is a wrong frame', (v) => {
    expect(said({ ...HELLO, v })).toMatchObject({ kind: 'refused', error: 'invalid_frame', detail: 'v: send 2.' });
  });
});

const CURSORS =
  'cursors: send "server", or an object with at most 10000 conversation ids and the sequence number of each.';
test.each([
  [{ type: 'hello', v: 2 }, 'invalid_frame', 'Send either token or user_id.'],
  [{ ...HELLO, token: 'a.b.c' }, 'invalid_frame', 'Send either token or user_id.'],
  [{ type: 'hello', v: 2, token: '7' }, 'invalid_token', 'token: send a valid token.'],
  [{ ...HELLO, user_id: 0 }, 'invalid_frame', 'user_id: send a positive integer.'],
  [{ ...HELLO, cursors: { secret: 1 } }, 'invalid_frame', CURSORS],
  [{ ...HELLO, cursors: { 0: 1 } }, 'invalid_frame', CURSORS],
  [{ ...HELLO, cursors: { '01': 1 } }, 'invalid_frame', CURSORS],
  [{ ...HELLO, cursors: { 9007199254740992: 1 } }, 'invalid_frame', CURSORS],
  [{ ...HELLO, cursors: { 1: -1 } }, 'invalid_frame', CURSORS],
  [{ ...HELLO, cursors: [1] }, 'invalid_frame', CURSORS],
  [{ ...HELLO, cursors: 'client' }, 'invalid_frame', CURSORS],
  [{ ...HELLO, status_of: [0] }, 'invalid_frame', 'status_of: send an array of 0 to 1000 positive integers.'],
  [{ ...HELLO, device: 'a b' }, 'invalid_frame', 'device: send 1 to 64 characters of printable ASCII, without spaces.'],
])('%j is refused', (frame, error, detail) => {
  expect(said(frame)).toEqual({ kind: 'refused', error, detail });
});

test('a hello with everything at its bound fits, and one cursor more does not', () => {
  const big = Number.MAX_SAFE_INTEGER;
  const ids = (count: number) => Array.from({ length: count }, (_, index) => big - index);
  const full = {
    type: 'hello',
    v: 2,
    minor: big,
    token: `a.${'b'.repeat(LIMITS.maxTokenBytes - 4)}.c`,
    device: 'd'.repeat(LIMITS.maxDeviceChars),
    client: '\u0001'.repeat(LIMITS.maxClientChars),
    cursors: Object.fromEntries(ids(LIMITS.maxCursors).map((id) => [id, big])),
    groups: ids(LIMITS.maxCursors),
    epoch: '\u0001'.repeat(LIMITS.maxEpochChars),
    status_of: ids(LIMITS.maxStatusOf),
    ref: '\u0001'.repeat(LIMITS.maxRefChars),
  };
  expect(JSON.stringify(full).length).toBeLessThanOrEqual(LIMITS.maxHelloChars);
  expect(said(full)).toMatchObject({ kind: 'hello' });
  expect(said({ ...full, cursors: { ...full.cursors, 1: 1 } })).toMatchObject({ kind: 'refused', detail: CURSORS });
});

test('a hello beyond its bound is refused unread', () => {
  expect(said({ ...HELLO, padding: ' '.repeat(LIMITS.maxHelloChars) })).toMatchObject({
    kind: 'refused',
    error: 'invalid_frame',
    detail: 'Send a first frame of at most 655360 characters.',
  });
});
