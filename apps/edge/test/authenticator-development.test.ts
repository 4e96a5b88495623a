import { describe, expect, it } from 'vitest';
import { DevelopmentAuthenticator } from '../src/authenticator-development.ts';

describe('DevelopmentAuthenticator', () => {
  const authenticator = new DevelopmentAuthenticator();
  it.each<[string, unknown]>([
    ['7', { ok: true, userId: 7, name: null }],
    [' 7\n', { ok: true, userId: 7, name: null }],
    ['9007199254740991', { ok: true, userId: 9007199254740991, name: null }],
    ['9007199254740993', { ok: false, error: 'invalid_user_id' }],
    ['0', { ok: false, error: 'invalid_user_id' }],
    ['-7', { ok: false, error: 'invalid_user_id' }],
    ['7.0', { ok: false, error: 'invalid_user_id' }],
    ['1e3', { ok: false, error: 'invalid_user_id' }],
    ['', { ok: false, error: 'invalid_user_id' }],
    ['{"type":"hello"}', { ok: false, error: 'invalid_user_id' }],
  ])('L1a: %j', (text, expected) => {
    expect(authenticator.authenticate(text)).toEqual(expected);
  });

  it('says to a client with a token that it takes none', () => {
    expect(authenticator.authenticate('aaa.bbb.ccc')).toMatchObject({
      error: 'invalid_user_id',
      detail: expect.stringMatching(/no tokens/),
    });
  });
});
