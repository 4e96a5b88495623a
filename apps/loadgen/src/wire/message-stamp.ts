/**
 * What the driver writes into a message body: `~` and three decimal numbers of fixed width, so that a frame is made by overwriting digits in
 * a template, and read without parsing JSON. `~` begins nothing else in a frame.
 */
const MARK = 0x7e;
const CHANNEL_DIGITS = 7;
const NUMBER_DIGITS = 9;
const TIME_DIGITS = 12;
const CHANNEL_AT = 1;
const NUMBER_AT = CHANNEL_AT + CHANNEL_DIGITS + 1;
const TIME_AT = NUMBER_AT + NUMBER_DIGITS + 1;
const STAMP_LENGTH = TIME_AT + TIME_DIGITS;

/** A send frame (L3, L6) of one channel; the payload is made anew, in place, by `write`. */
export class SendTemplate {
  readonly payload: Buffer;
  readonly #at: number;

  constructor(options: {
    readonly channel: number;
    readonly conversation: number;
    readonly kind: 'personal' | 'group';
    readonly bodyLength: number;
  }) {
    const digits = String(options.channel).padStart(CHANNEL_DIGITS, '0');
    const stamp = `~${digits} ${'0'.repeat(NUMBER_DIGITS)} ${'0'.repeat(TIME_DIGITS)}`;
    const body = stamp.padEnd(options.bodyLength, '.');
    this.payload = Buffer.from(
      `{"msg":"${body}","conv_id":${options.conversation},"type":"${options.kind}"}`,
      'latin1',
    );
    this.#at = this.payload.indexOf(MARK);
  }

  /** `timeUs`: when the message is meant to be sent, in microseconds of the driver's clock. */
  write(number: number, timeUs: number): Buffer {
    writeDigits(this.payload, this.#at + NUMBER_AT, NUMBER_DIGITS, number);
    writeDigits(this.payload, this.#at + TIME_AT, TIME_DIGITS, timeUs);
    return this.payload;
  }
}

/** Where the stamp begins in a frame, or -1. */
export function findStamp(data: Buffer, start: number, end: number): number {
  for (let at = start; at + STAMP_LENGTH <= end; at++) if (data[at] === MARK) return at;
  return -1;
}

export const stampChannel = (data: Buffer, at: number): number => readDigits(data, at + CHANNEL_AT, CHANNEL_DIGITS);
export const stampNumber = (data: Buffer, at: number): number => readDigits(data, at + NUMBER_AT, NUMBER_DIGITS);
export const stampTimeUs = (data: Buffer, at: number): number => readDigits(data, at + TIME_AT, TIME_DIGITS);

/** The value of `message_id` in a frame's text, or -1: the digits behind `e_id":`, which no other key ends with. */
export function findMessageId(data: Buffer, start: number, end: number): number {
  for (let at = start; at + 6 < end; at++) {
    if (data[at] !== 0x65 || data[at + 1] !== 0x5f || data[at + 2] !== 0x69 || data[at + 3] !== 0x64) continue;
    let digitAt = at + 6;
    while (data[digitAt] === 0x20) digitAt++;
    let value = 0;
    for (let digit = (data[digitAt] ?? 0) - 48; digit >= 0 && digit <= 9; digit = (data[++digitAt] ?? 0) - 48) {
      value = value * 10 + digit;
    }
    return value;
  }
  return -1;
}

function writeDigits(buffer: Buffer, at: number, digits: number, value: number): void {
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    const tenth = Math.floor(rest / 10);
    buffer[i] = 48 + rest - tenth * 10;
    rest = tenth;
  }
}

function readDigits(data: Buffer, at: number, digits: number): number {
  let value = 0;
  for (let i = at; i < at + digits; i++) value = value * 10 + (data[i] ?? 0) - 48;
  return value;
}
