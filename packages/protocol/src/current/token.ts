import { z } from 'zod';
import { isToken } from '../legacy/sign-in.ts';
import { LIMITS } from '../limits.ts';

/** A signed token (JWT, compact form): three parts of base64url. */
export const token = z
  .string({ error: 'send a token.' })
  .refine(isToken, { error: 'send a valid token.', params: { name: 'invalid_token' } })
  .meta({ maxLength: LIMITS.maxTokenBytes, pattern: '^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]*$' });
