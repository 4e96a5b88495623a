import { z } from 'zod';
import { LIMITS } from '../limits.ts';

const SEND_LOCAL_ID = `send an integer or a string of at most ${LIMITS.maxLocalIdChars} characters.`;

/**
 * The client's own name for a conversation it initialises: any JSON integer or string, echoed as it came (L2, L5).
 * Integers beyond 2^53 - 1 would change in a double; `restoreLocalId` puts the digits back from the frame's text.
 */
export const localConversationId = z.union(
  [
    z.number({ error: SEND_LOCAL_ID }).refine(Number.isInteger, { error: SEND_LOCAL_ID }).meta({ type: 'integer' }),
    z
      .string({ error: SEND_LOCAL_ID })
      .max(LIMITS.maxLocalIdChars, { error: SEND_LOCAL_ID })
      .refine((value) => value.isWellFormed(), {
        error: 'send well-formed Unicode, without lone surrogates.',
        params: { name: 'invalid_text' },
      }),
  ],
  { error: SEND_LOCAL_ID },
);

/** What to do when `restoreLocalId` returns null. */
export const WRITE_DIGITS = 'conv_id: write the integer without a fraction or an exponent.';

/** A local id as the JSON text that is echoed. */
export type LocalId = string;

const STRING_OR_KEY = /"(?:[^"\\]|\\.)*"/y;
const DIGITS = /-?[0-9]{1,128}(?![0-9.eE])/y;

/**
 * The JSON text to echo for the local id of a frame that was parsed from `source`.
 * @returns null when the source writes a huge integer in a form that cannot be echoed exactly (`1e300`)
 */
export function restoreLocalId(value: number | string, source: string): LocalId | null {
  if (typeof value === 'string' || Number.isSafeInteger(value)) return JSON.stringify(value);
  return lastTopLevelInteger(source, 'conv_id');
}

/** Finds the value of a top-level key (the last one wins, as in JSON.parse) without parsing numbers. */
function lastTopLevelInteger(source: string, key: string): string | null {
  let depth = 0;
  let found: string | null = null;
  let expectKey = false;
  for (let at = 0; at < source.length; ) {
    const char = source[at];
    if (char === '"') {
      STRING_OR_KEY.lastIndex = at;
      const token = STRING_OR_KEY.exec(source)?.[0];
      if (token === undefined) return null;
      at += token.length;
      if (depth !== 1 || !expectKey || JSON.parse(token) !== key) continue;
      expectKey = false;
      while (/[\s:]/.test(source[at] ?? '')) at++;
      DIGITS.lastIndex = at;
      found = DIGITS.exec(source)?.[0] ?? null;
      continue;
    }
    if (char === '{' || char === '[') depth++;
    if (char === '}' || char === ']') depth--;
    if (char === '{' || char === ',') expectKey = true;
    if (char === ':') expectKey = false;
    at++;
  }
  return found;
}
