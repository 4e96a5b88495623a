import { FakeClock, silentLog } from '@parley/core/testing';
import { type JWTPayload, SignJWT } from 'jose';
import { afterAll } from 'vitest';
import type { JwtConfig, JwtKeyConfig } from '../../src/auth-config.ts';
import { JwtAuthenticator } from '../../src/authenticator-jwt.ts';

const SECRET = 'a secret of at least thirty-two bytes';
export const NOW_SECONDS = 1_700_000_000;
/** Of a token that says nothing else: the sessions it opens end then. */
export const EXPIRES_AT_US = (NOW_SECONDS + 60) * 1_000_000;

export const hmac = new TextEncoder().encode(SECRET);
export const secretKey: JwtKeyConfig = { kind: 'secret', secret: SECRET };

/** Signed as told; expires in a minute of the authenticators' clock unless the payload says otherwise. */
export function signed(
  payload: JWTPayload,
  key: Parameters<SignJWT['sign']>[0] = hmac,
  header: { alg: string; kid?: string } = { alg: 'HS256' },
): Promise<string> {
  return new SignJWT({ exp: NOW_SECONDS + 60, ...payload }).setProtectedHeader(header).sign(key);
}

/** @returns what opens authenticators for the tests of the file, which are closed behind them */
export function jwtAuthenticators() {
  const opened: JwtAuthenticator[] = [];
  afterAll(() => {
    for (const authenticator of opened) authenticator.close();
  });
  return async (
    key: JwtKeyConfig,
    rest: Partial<JwtConfig> = {},
    clock = new FakeClock(NOW_SECONDS * 1e6),
  ): Promise<JwtAuthenticator> => {
    const config: JwtConfig = { kind: 'jwt', key, issuer: null, audience: null, ...rest };
    const authenticator = await JwtAuthenticator.open({ config, clock, log: silentLog });
    opened.push(authenticator);
    return authenticator;
  };
}
