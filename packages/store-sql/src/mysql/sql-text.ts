import type { TimeUs } from '@parley/core';

const SPECIAL = /['\\\0]/;
const SPECIALS = /['\\\0]/g;
const ESCAPED: Readonly<Record<string, string>> = { "'": "\\'", '\\': '\\\\', '\0': '\\0' };

/**
 * A string literal for a session in utf8mb4 without `NO_BACKSLASH_ESCAPES` (see `mysql-connection.ts`). Only the quote and the backslash
 * mean anything inside one; `\0` is escaped for the sake of tools that read query logs.
 */
export function quote(text: string): string {
  return SPECIAL.test(text) ? `'${text.replace(SPECIALS, (char) => ESCAPED[char] as string)}'` : `'${text}'`;
}

let cachedSecond = Number.NaN;
let cachedText = '';

/** A `DATETIME(6)` literal in UTC, without its quotes: `2020-08-25 11:53:30.923631`. */
export function dateTime(atUs: TimeUs): string {
  const second = Math.floor(atUs / 1_000_000);
  if (second !== cachedSecond) {
    cachedText = new Date(second * 1000).toISOString().slice(0, 19).replace('T', ' ');
    cachedSecond = second;
  }
  return `${cachedText}.${String(atUs - second * 1_000_000).padStart(6, '0')}`;
}
