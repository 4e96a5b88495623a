import { z } from 'zod';
import { SEND_WELL_FORMED } from '../fields.ts';
import { LIMITS } from '../limits.ts';

/** A client's own name for a request, echoed in its one answer. */
export type Ref = string | number;

export const isRef = (value: unknown): value is Ref =>
  typeof value === 'number'
    ? Number.isSafeInteger(value) && value >= 0
    : typeof value === 'string' && value.length > 0 && value.length <= LIMITS.maxRefChars && value.isWellFormed();

/**
 * A field that may be absent, for frames that come as JSON, which has no `undefined`. Zod's own `exactOptional` says so too
 * but takes 700 ns per absent field, and `optional` 40.
 */
export const maybe = <Schema extends z.ZodType>(schema: Schema): z.ZodExactOptional<Schema> =>
  schema.optional() as unknown as z.ZodExactOptional<Schema>;

const SEND_REF = `send an integer from 0 to 2^53 - 1 or a string of 1 to ${LIMITS.maxRefChars} characters.`;

export const ref = z
  .custom<Ref>(isRef, {
    error: ({ input }) => (typeof input === 'string' && !input.isWellFormed() ? SEND_WELL_FORMED : SEND_REF),
  })
  .meta({
    description: 'Your own name for this request, echoed in its answer.',
    anyOf: [
      { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      { type: 'string', minLength: 1, maxLength: LIMITS.maxRefChars },
    ],
  });

const printable = (maxChars: number, send: string) =>
  z.string({ error: send }).regex(new RegExp(`^[!-~]{1,${maxChars}}$`), { error: send });

export const device = printable(
  LIMITS.maxDeviceChars,
  `send 1 to ${LIMITS.maxDeviceChars} characters of printable ASCII, without spaces.`,
);

const SEND_CLIENT_ID = `send 1 to ${LIMITS.maxClientIdChars} characters of printable ASCII, without spaces and not starting with "~".`;

const CLIENT_ID = new RegExp(`^[!-}][!-~]{0,${LIMITS.maxClientIdChars - 1}}$`);

export const isClientId = (value: unknown): value is string => typeof value === 'string' && CLIENT_ID.test(value);

/** A client's own name for a send or a change, good for ever (G3). Those that start with `~` are the server's. */
export const clientId = z.custom<string>(isClientId, { error: SEND_CLIENT_ID }).meta({
  description: 'Your own name for this request: a repeat returns the first result and stores nothing.',
  type: 'string',
  pattern: CLIENT_ID.source,
});

/** An integer from `min` to `max`. */
export const integer = (min: number, max: number = Number.MAX_SAFE_INTEGER) => {
  const error = `send an integer from ${min} to ${max === Number.MAX_SAFE_INTEGER ? '2^53 - 1' : max}.`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};

export const flag = z.boolean({ error: 'send true or false.' });

/** L8: UTC, microseconds. */
export const timestamp = z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/);
