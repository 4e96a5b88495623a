import { createHmac } from 'node:crypto';

export const JWT_SECRET = 'a secret of at least thirty-two bytes';
/** L17: a node that asks for tokens. */
export const JWT_SETTINGS = { PARLEY_AUTH: 'jwt', PARLEY_JWT_SECRET: JWT_SECRET, HOST: '127.0.0.1' };

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

/** Signed with HS256; expires in a minute unless the claims say otherwise. */
export function token(
  claims: object,
  { secret = JWT_SECRET, header = { alg: 'HS256', typ: 'JWT' } as object } = {},
): string {
  const signed = `${encode(header)}.${encode({ exp: nowSeconds() + 60, ...claims })}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
