import { InvalidArgumentError } from 'commander';
import { parseId, parseIds } from './chat/input.ts';

/** For commander: a user or message id. */
export function idArgument(text: string): number {
  const id = parseId(text);
  if (id === null) throw new InvalidArgumentError('Write a positive whole number, such as 7.');
  return id;
}

/** For commander: ids separated by commas. */
export function idsArgument(text: string): number[] {
  const ids = parseIds(text);
  if (ids === null) throw new InvalidArgumentError('Write whole numbers separated by commas, such as 7,8,9.');
  return ids;
}

const UNITS_S: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** For commander: a length of time such as `30s`, `15m`, `1h`, `7d`; in seconds, at most a year. */
export function durationArgument(text: string): number {
  const match = /^(\d{1,9})([smhd])$/.exec(text);
  const seconds = match === null ? 0 : Number(match[1]) * (UNITS_S[match[2] ?? ''] ?? 0);
  if (seconds < 1 || seconds > 366 * 86_400) {
    throw new InvalidArgumentError('Write a length of time such as 30s, 15m, 1h or 7d, at most a year.');
  }
  return seconds;
}

/** For commander: a whole number within bounds. */
export function wholeArgument(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new InvalidArgumentError(`Write a whole number from ${min} to ${max}.`);
    return value;
  };
}

/** For commander: a TCP port. */
export const portArgument = wholeArgument(1, 65_535);

const MAX_NAME_BYTES = 255;

/** For commander: a display name, white space around it taken off. */
export function nameArgument(text: string): string {
  const name = text.trim();
  const bytes = Buffer.byteLength(name);
  if (bytes < 1 || bytes > MAX_NAME_BYTES || !name.isWellFormed() || /\p{Cc}/u.test(name)) {
    throw new InvalidArgumentError(`Write a name of 1 to ${MAX_NAME_BYTES} bytes on one line.`);
  }
  return name;
}
