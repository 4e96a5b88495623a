import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, exportPKCS8, exportSPKI, generateKeyPair, type JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JwtKeyConfig } from '../src/auth-config.ts';
import {
  EXPIRES_AT_US,
  hmac,
  jwtAuthenticators,
  NOW_SECONDS,
  secretKey,
  signed,
} from './support/jwt-authenticators.ts';

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
let rsa: Keys;
let ec: Keys;
let folder: string;
const open = jwtAuthenticators();

beforeAll(async () => {
  rsa = await generateKeyPair('RS256', { extractable: true });
  ec = await generateKeyPair('ES256', { extractable: true });
  folder = mkdtempSync(join(tmpdir(), 'parley-auth-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): JwtKeyConfig {
  const path = join(folder, name);
  writeFileSync(path, content);
  return { kind: 'file', path };
}

describe('JwtAuthenticator: keys', () => {
  it('L17: HS256 with a secret', async () => {
    const authenticator = await open(secretKey);
    expect(await authenticator.authenticate(await signed({ sub: '7', name: 'Dakola Timmy' }))).toEqual({
      ok: true,
      expiresAtUs: EXPIRES_AT_US,
      userId: 7,
      name: 'Dakola Timmy',
    });
  });

  it.each<[string, () => Promise<string>, () => Keys, string]>([
    ['RS256, PEM', () => exportSPKI(rsa.publicKey), () => rsa, 'RS256'],
    ['ES256, PEM', () => exportSPKI(ec.publicKey), () => ec, 'ES256'],
    ['RS256, JWK', async () => JSON.stringify(await exportJWK(rsa.publicKey)), () => rsa, 'RS256'],
    ['ES256, JWK', async () => JSON.stringify(await exportJWK(ec.publicKey)), () => ec, 'ES256'],
    [
      'ES256, JWK set',
      async () => JSON.stringify({ keys: [await exportJWK(rsa.publicKey), await exportJWK(ec.publicKey)] }),
      () => ec,
      'ES256',
    ],
  ])('L17: %s from a file', async (name, content, keys, alg) => {
    const authenticator = await open(file(name.replaceAll(/\W/g, '-'), await content()));
    const good = await signed({ sub: '7' }, keys().privateKey, { alg });
    expect(await authenticator.authenticate(good)).toEqual({
      ok: true,
      userId: 7,
      name: null,
      expiresAtUs: EXPIRES_AT_US,
    });
    const stranger = await generateKeyPair(alg);
    const forged = await signed({ sub: '7' }, stranger.privateKey, { alg });
    expect(await authenticator.authenticate(forged)).toMatchObject({ ok: false, error: 'invalid_token' });
  });

  it('G7: takes the algorithm from the key and never from the token', async () => {
    const pem = await exportSPKI(rsa.publicKey);
    const authenticator = await open(file('confusion.pem', pem));
    // The classic forgery: the public key, which everybody has, as the secret of an HMAC.
    const forged = await signed({ sub: '7' }, new TextEncoder().encode(pem));
    expect(await authenticator.authenticate(forged)).toMatchObject({ ok: false, error: 'invalid_token' });
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `${encode({ alg: 'none' })}.${encode({ sub: '7', exp: NOW_SECONDS + 60 })}.`;
    expect(await authenticator.authenticate(unsigned)).toMatchObject({ ok: false, error: 'invalid_token' });
    const bySecret = await open(secretKey);
    expect(await bySecret.authenticate(unsigned)).toMatchObject({ ok: false, error: 'invalid_token' });
    const otherHash = await signed({ sub: '7' }, hmac, { alg: 'HS512' });
    expect(await bySecret.authenticate(otherHash)).toMatchObject({ ok: false, error: 'invalid_token' });
  });

  it.each<[string, () => Promise<string>, RegExp]>([
    ['private.pem', () => exportPKCS8(ec.privateKey), /private key/],
    ['private.jwk', async () => JSON.stringify(await exportJWK(ec.privateKey)), /private key/],
    ['text.pem', async () => 'not a key', /no public key/],
    ['text.jwk', async () => '{not json', /no JSON/],
    [
      'p384.pem',
      async () => exportSPKI((await generateKeyPair('ES384', { extractable: true })).publicKey),
      /RSA key of 2048 bits or more, or an EC key on P-256/,
    ],
  ])('refuses the key file %s', async (name, content, expected) => {
    await expect(open(file(name, await content()))).rejects.toThrow(expected);
  });

  it('refuses a key file that is not there', async () => {
    await expect(open({ kind: 'file', path: join(folder, 'absent') })).rejects.toThrow(/ENOENT/);
  });
});

describe('JwtAuthenticator: tokens', () => {
  it.each<[string, JWTPayload, unknown]>([
    ['expired', { sub: '7', exp: NOW_SECONDS - 6 }, { error: 'token_expired' }],
    ['expired just now', { sub: '7', exp: NOW_SECONDS }, { error: 'token_expired' }],
    ['about to expire', { sub: '7', exp: NOW_SECONDS + 1 }, { ok: true, expiresAtUs: (NOW_SECONDS + 1) * 1e6 }],
    [
      'without exp',
      { sub: '7', exp: undefined as never },
      { error: 'invalid_token', detail: expect.stringMatching(/"exp"/) },
    ],
    [
      'not valid yet',
      { sub: '7', nbf: NOW_SECONDS + 60 },
      { error: 'invalid_token', detail: expect.stringMatching(/"nbf"/) },
    ],
    ['not valid yet within the leeway', { sub: '7', nbf: NOW_SECONDS + 4 }, { ok: true }],
    ['without sub', {}, { error: 'invalid_token', detail: expect.stringMatching(/"sub"/) }],
    ['sub zero', { sub: '0' }, { error: 'invalid_token', detail: expect.stringMatching(/"sub"/) }],
    ['sub with a sign', { sub: '-7' }, { error: 'invalid_token', detail: expect.stringMatching(/"sub"/) }],
    ['sub with white space', { sub: ' 7' }, { error: 'invalid_token', detail: expect.stringMatching(/"sub"/) }],
    ['sub in words', { sub: 'auth0|7' }, { error: 'invalid_token', detail: expect.stringMatching(/"sub"/) }],
    ['sub a number', { sub: 7 as never }, { error: 'invalid_token' }],
    [
      'sub beyond 2^53',
      { sub: '9007199254740993' },
      { error: 'invalid_token', detail: expect.stringMatching(/"sub"/) },
    ],
  ])('%s', async (_name, payload, expected) => {
    const authenticator = await open(secretKey);
    expect(await authenticator.authenticate(await signed(payload))).toMatchObject(expected as object);
  });

  it('checks iss and aud where they are configured', async () => {
    const authenticator = await open(secretKey, { issuer: 'https://id.example', audience: 'parley' });
    const verdict = async (claims: JWTPayload) => authenticator.authenticate(await signed({ sub: '7', ...claims }));
    expect(await verdict({ iss: 'https://id.example', aud: ['other', 'parley'] })).toMatchObject({ ok: true });
    expect(await verdict({ aud: 'parley' })).toMatchObject({
      error: 'invalid_token',
      detail: expect.stringMatching(/"iss"/),
    });
    expect(await verdict({ iss: 'https://evil.example', aud: 'parley' })).toMatchObject({
      detail: expect.stringMatching(/"iss"/),
    });
    expect(await verdict({ iss: 'https://id.example', aud: 'other' })).toMatchObject({
      detail: expect.stringMatching(/"aud"/),
    });
    expect(await verdict({ iss: 'https://id.example' })).toMatchObject({ detail: expect.stringMatching(/"aud"/) });
  });

  it.each(['7', 'hello', '', '{}', 'a.b', `${'x'.repeat(9_000)}.y.z`, 'a.b.c', '!.!.!'])(
    'L17: refuses %j as a first frame',
    async (text) => {
      const authenticator = await open(secretKey);
      expect(await authenticator.authenticate(text)).toMatchObject({ ok: false, error: 'invalid_token' });
    },
  );

  it('refuses a token that was changed on the way', async () => {
    const authenticator = await open(secretKey);
    const [header, , signature] = (await signed({ sub: '7' })).split('.');
    const payload = Buffer.from(JSON.stringify({ sub: '8', exp: NOW_SECONDS + 60 })).toString('base64url');
    const verdict = await authenticator.authenticate(`${header}.${payload}.${signature}`);
    expect(verdict).toEqual({ ok: false, error: 'invalid_token' });
  });

  it.each<[string, unknown, string | null]>([
    ['a name', ' Dakola Timmy ', 'Dakola Timmy'],
    ['no name', undefined, null],
    ['a number', 7, null],
    ['white space', '  ', null],
    ['a lone surrogate', 'a\ud800', null],
    ['a line break', 'a\nb', null],
    ['255 bytes', 'é'.repeat(127), 'é'.repeat(127)],
    ['256 bytes', 'é'.repeat(128), null],
  ])('takes the name from the token: %s', async (_case, name, expected) => {
    const authenticator = await open(secretKey);
    const verdict = await authenticator.authenticate(
      await signed({ sub: '7', ...(name === undefined ? {} : { name }) }),
    );
    expect(verdict).toEqual({ ok: true, userId: 7, name: expected, expiresAtUs: EXPIRES_AT_US });
  });
});
