import { z } from 'zod';
import { LIMITS } from './limits.ts';

/** Ids of users, conversations and messages: integers from 1 to 2^53 - 1 (L1a, L9). */
export const id = z.int().positive();

const utf8Bytes = (text: string): number => Buffer.byteLength(text, 'utf8');

/** Well-formed Unicode: a lone surrogate cannot be stored or sent as UTF-8 without changing it. */
export const text = (maxBytes: number, minBytes = 0) =>
  z
    .string()
    .refine((value) => value.isWellFormed(), { error: 'must be well-formed Unicode', params: { name: 'invalid_text' } })
    .refine((value) => value.length >= minBytes, { error: 'must not be empty' })
    .refine((value) => value.length * 3 <= maxBytes || utf8Bytes(value) <= maxBytes, {
      error: `must be at most ${maxBytes} bytes of UTF-8`,
      params: { name: 'message_too_large' },
    });

export const messageBody = text(LIMITS.maxMessageBytes, 1);

export const conversationKind = z.enum(['personal', 'group']);
export type ConversationKind = z.infer<typeof conversationKind>;
