import { LIMITS } from '../limits.ts';

export type SignIn =
  | { readonly kind: 'user_id'; readonly userId: number }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'invalid' };

const USER_ID = /^[0-9]{1,16}$/;
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Whether a text has the form of a signed token (JWT, compact): three parts of base64url. Proves nothing. */
export const isToken = (text: string): boolean => text.length <= LIMITS.maxTokenBytes && TOKEN.test(text);

/** L1, L1a, L17: the first frame is a bare user id or a token; white space around it is taken off. */
export function decodeSignIn(text: string): SignIn {
  if (text.length > LIMITS.maxTokenBytes) return { kind: 'invalid' };
  const trimmed = text.trim();
  if (USER_ID.test(trimmed)) {
    const userId = Number(trimmed);
    return Number.isSafeInteger(userId) && userId > 0 ? { kind: 'user_id', userId } : { kind: 'invalid' };
  }
  return TOKEN.test(trimmed) ? { kind: 'token', token: trimmed } : { kind: 'invalid' };
}

/** L1: the answer to the first frame, as text and not JSON. */
export const encodeSignedIn = (userId: number): string => `user id ${userId} received`;
