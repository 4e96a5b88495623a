import { createHmac } from 'node:crypto';

/** A JSON web token of these claims, signed with HS256. */
export function signToken(claims: object, secret: string | Uint8Array): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
