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

/** Added to a message's number, so that a ref has always as many digits. */
const FIRST_REF = 10 ** NUMBER_DIGITS;
/** As long as those of our SDK. */
const CLIENT_ID_LENGTH = 24;

export interface TemplateOptions {
  readonly channel: number;
  readonly conversation: number;
  readonly kind: 'personal' | 'group';
  readonly bodyLength: number;
  /** The current protocol's sends carry a client id and a ref, which both say the message's number. */
  readonly protocol: 'legacy' | 'current';
}

/** A send frame of one channel; the payload is made anew, in place, by `write`. */
export class SendTemplate {
  readonly payload: Buffer;
  readonly #at: number;
  /** Where the numbers end. */
  readonly #clientIdEnd: number;
  readonly #refEnd: number;

  constructor({ channel, conversation, kind, bodyLength, protocol }: TemplateOptions) {
    const digits = String(channel).padStart(CHANNEL_DIGITS, '0');
    const stamp = `~${digits} ${'0'.repeat(NUMBER_DIGITS)} ${'0'.repeat(TIME_DIGITS)}`;
    const body = stamp.padEnd(bodyLength, '.');
    const clientId = `bench-${digits}`.padEnd(CLIENT_ID_LENGTH, '0');
    const named = protocol === 'current' ? `,"client_id":"${clientId}","ref":${FIRST_REF}` : '';
    const text = `{"msg":"${body}","conv_id":${conversation},"type":"${kind}"${named}}`;
    this.payload = Buffer.from(text, 'latin1');
    this.#at = this.payload.indexOf(MARK);
    this.#clientIdEnd = protocol === 'current' ? text.indexOf(clientId) + CLIENT_ID_LENGTH : 0;
    this.#refEnd = protocol === 'current' ? text.length - 1 : 0;
  }

  /** `timeUs`: when the message is meant to be sent, in microseconds of the driver's clock. */
  write(number: number, timeUs: number): Buffer {
    writeDigits(this.payload, this.#at + NUMBER_AT, NUMBER_DIGITS, number);
    writeDigits(this.payload, this.#at + TIME_AT, TIME_DIGITS, timeUs);
    if (this.#refEnd > 0) {
      writeDigits(this.payload, this.#clientIdEnd - NUMBER_DIGITS, NUMBER_DIGITS, number);
      writeDigits(this.payload, this.#refEnd - NUMBER_DIGITS, NUMBER_DIGITS, number);
    }
    return this.payload;
  }

  /** The number of the send that this ref names; negative when it names none. */
  static numberOf(ref: number): number {
    return ref - FIRST_REF;
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
