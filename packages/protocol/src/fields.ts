import { z } from 'zod';
import type { ErrorName } from './error-code.ts';
import { LIMITS } from './limits.ts';

export const isId = (value: unknown): value is number =>
  typeof value === 'number' && value > 0 && Number.isSafeInteger(value);
const ID_SCHEMA = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } as const;

/**
 * Ids of users, conversations and messages, and sequence numbers: integers from 1 to 2^53 - 1 (L1a, L9). One check, since
 * it runs for every frame (`z.int().positive()` takes 50 ns more); so its JSON Schema is written here and a test compares the two.
 */
export const id = z.custom<number>(isId, { error: 'send a positive integer.' }).meta(ID_SCHEMA);

/** Whether `ids(max, min)` takes it. */
export const isIds = (value: unknown, max: number, min: 0 | 1 = 1): value is readonly number[] =>
  Array.isArray(value) && value.length >= min && value.length <= max && value.every(isId);

/**
 * A list of ids. One check for the whole list: `z.array` would make an issue for each wrong entry, and a frame holds
 * hundreds of thousands. Its JSON Schema is written here too.
 */
export const ids = (max: number, min: 0 | 1 = 1) =>
  z
    .custom<readonly number[]>((value) => isIds(value, max, min), {
      error: `send an array of ${min} to ${max} positive integers.`,
    })
    .meta({
      type: 'array',
      items: ID_SCHEMA,
      minItems: min,
      maxItems: max,
    });

interface TextFault {
  readonly send: string;
  readonly name?: ErrorName;
}
export const SEND_WELL_FORMED = 'send well-formed Unicode, without lone surrogates.';

const NOT_WELL_FORMED: TextFault = { send: SEND_WELL_FORMED, name: 'invalid_text' };
const EMPTY: TextFault = { send: 'send a string that is not empty.' };

/** What is wrong with a text, or null. A lone surrogate cannot be stored or sent as UTF-8 without changing it. */
function textFault(value: string, maxBytes: number, minBytes: 0 | 1): TextFault | null {
  if (!value.isWellFormed()) return NOT_WELL_FORMED;
  if (value.length < minBytes) return EMPTY;
  if (value.length * 3 <= maxBytes || Buffer.byteLength(value, 'utf8') <= maxBytes) return null;
  return { send: `send at most ${maxBytes} bytes of UTF-8.`, name: 'message_too_large' };
}

/** Well-formed text of at most `maxBytes` bytes of UTF-8. */
export const text = (maxBytes: number, minBytes: 0 | 1 = 0) =>
  z
    .string({ error: 'send a string.' })
    .check((context) => {
      const input = context.value;
      const fault = textFault(input, maxBytes, minBytes);
      if (fault !== null)
        context.issues.push({ code: 'custom', input, message: fault.send, params: { name: fault.name } });
    })
    // A character has at least one byte. The exact bound, in bytes, is beyond JSON Schema.
    .meta({ minLength: minBytes, maxLength: maxBytes, 'x-max-bytes': maxBytes });

export const messageBody = text(LIMITS.maxMessageBytes, 1);

/** Whether `messageBody` takes it. */
export const isMessageBody = (value: unknown): value is string =>
  typeof value === 'string' && textFault(value, LIMITS.maxMessageBytes, 1) === null;

export const conversationKind = z.enum(['personal', 'group'], { error: 'send "personal" or "group".' });
export type ConversationKind = z.infer<typeof conversationKind>;
