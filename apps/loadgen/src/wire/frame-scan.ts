/** Reads numbers out of frames of a known server without parsing JSON: the driver shares the machine with what it measures. */

const text = (value: string): Buffer => Buffer.from(value, 'latin1');
const SEQ = text('"seq":');
const REF = text('"ref":');
const TYPE = text('{"type":"');

const startsWith = (data: Buffer, at: number, end: number, key: Buffer): boolean => {
  if (at + key.length > end) return false;
  for (let i = 0; i < key.length; i++) if (data[at + i] !== key[i]) return false;
  return true;
};

function findNumber(data: Buffer, start: number, end: number, key: Buffer): number {
  for (let at = start; at < end; at++) if (startsWith(data, at, end, key)) return numberAt(data, at + key.length, end);
  return -1;
}

function numberAt(data: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && data[at] === 0x20) at++;
  let value = 0;
  for (; at < end; at++) {
    const digit = (data[at] ?? 0) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return value;
}

/** The value of `message_id` in a frame's text, or -1: the digits behind `e_id":`, which no other key ends with. */
export function findMessageId(data: Buffer, start: number, end: number): number {
  for (let at = start; at + 6 < end; at++) {
    if (data[at] !== 0x65 || data[at + 1] !== 0x5f || data[at + 2] !== 0x69 || data[at + 3] !== 0x64) continue;
    return numberAt(data, at + 6, end);
  }
  return -1;
}

/** The value of `seq` behind `start`, or -1. No body of the driver holds it. */
export const findSeq = (data: Buffer, start: number, end: number): number => findNumber(data, start, end, SEQ);

/** The value of a numeric `ref`, or -1. */
export const findRef = (data: Buffer, start: number, end: number): number => findNumber(data, start, end, REF);

/** The type of a frame of the current protocol that begins with it, as all do but messages; '' of those. */
export function leadingType(data: Buffer, start: number, end: number): string {
  if (!startsWith(data, start, end, TYPE)) return '';
  const from = start + TYPE.length;
  const quote = data.indexOf(0x22, from);
  return quote < 0 || quote > end ? '' : data.toString('latin1', from, quote);
}
