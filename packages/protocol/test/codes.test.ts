import { describe, expect, test } from 'vitest';
import { CLOSE_ADVICE, CLOSE_CODES } from '../src/close-code.ts';
import { ERROR_ADVICE, ERROR_CODES } from '../src/error-code.ts';

const codesOf = (table: Record<string, { code: number }>) => Object.values(table).map(({ code }) => code);

describe('error codes', () => {
  test('are given once', () => {
    expect(new Set(codesOf(ERROR_CODES)).size).toBe(codesOf(ERROR_CODES).length);
  });
  test.each(Object.entries(ERROR_CODES))(
    '%s is temporary iff it is a 4xxx, or the wait for the first frame',
    (name, entry) => {
      expect(entry.temporary).toBe(entry.code >= 4000 || name === 'sign_in_timeout');
    },
  );
  test('each says when it comes and what the client should do', () => {
    expect(Object.keys(ERROR_ADVICE)).toEqual(Object.keys(ERROR_CODES));
  });
});

describe('close codes', () => {
  test('are given once', () => {
    expect(new Set(codesOf(CLOSE_CODES)).size).toBe(codesOf(CLOSE_CODES).length);
  });
  test.each(Object.entries(CLOSE_CODES))('%s: connect again iff the number says so', (_, { code, reconnect }) => {
    expect(reconnect).toBe(code < 4500);
  });
  test('a reason fits into a close frame', () => {
    for (const { reason } of Object.values(CLOSE_CODES)) expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
  });
  test('each says when it comes and what the client should do', () => {
    expect(Object.keys(CLOSE_ADVICE)).toEqual(Object.keys(CLOSE_CODES));
  });
});
