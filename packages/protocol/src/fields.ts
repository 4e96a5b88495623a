import { z } from 'zod';
import { LIMITS } from './limits.ts';

const isId = (value: unknown): boolean => typeof value === 'number' && value > 0 && Number.isSafeInteger(value);
const ID_SCHEMA = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } as const;

/**
 * Ids of users, conversations and messages, and sequence numbers: integers from 1 to 2^53 - 1 (L1a, L9). One check, since
 * it runs for every frame (`z.int().positive()` takes 50 ns more); so its JSON Schema is written here and a test compares the two.
 */
export const id = z.custom<number>(isId, { error: 'send a positive integer.' }).meta(ID_SCHEMA);

/**
 * A list of ids. One check for the whole list: `z.array` would make an issue for each wrong entry, and a frame holds
 * hundreds of thousands. Its JSON Schema is written here too.
 */
export const ids = (max: number) =>
  z
    .custom<readonly number[]>(
      (value) => Array.isArray(value) && value.length > 0 && value.length <= max && value.every(isId),
      { error: `send an array of 1 to ${max} positive integers.` },
    )
    .meta({
      type: 'array',
      items: ID_SCHEMA,
      minItems: 1,
      maxItems: max,
    });

/**
 * Text of at most `maxBytes` bytes of UTF-8. Well-formed Unicode only: a lone surrogate cannot be stored or sent as UTF-8
 * without changing it.
 */
export const text = (maxBytes: number, minBytes: 0 | 1 = 0) =>
  z
    .string({ error: 'send a string.' })
    .check((context) => {
      const { value } = context;
      if (!value.isWellFormed()) {
        context.issues.push(wrong(value, 'send well-formed Unicode, without lone surrogates.', 'invalid_text'));
      } else if (value.length < minBytes) {
        context.issues.push(wrong(value, 'send a string that is not empty.'));
      } else if (value.length * 3 > maxBytes && Buffer.byteLength(value, 'utf8') > maxBytes) {
        context.issues.push(wrong(value, `send at most ${maxBytes} bytes of UTF-8.`, 'message_too_large'));
      }
    })
    // A character has at least one byte. The exact bound, in bytes, is beyond JSON Schema.
    .meta({ minLength: minBytes, maxLength: maxBytes, 'x-maxBytes': maxBytes });

const wrong = (input: string, message: string, name?: string) => ({
  code: 'custom' as const,
  input,
  message,
  ...(name === undefined ? {} : { params: { name } }),
});

export const messageBody = text(LIMITS.maxMessageBytes, 1);

export const conversationKind = z.enum(['personal', 'group'], { error: 'send "personal" or "group".' });
export type ConversationKind = z.infer<typeof conversationKind>;
