import { SendTemplate } from '../wire/message-stamp.ts';
import type { Seat } from './seat.ts';

/** Unanswered sends of one sender, at most; a power of two. */
export const RING = 4_096;
const MASK = RING - 1;

/** What one receiver has got of one channel. */
export interface Track {
  highest: number;
  readonly missing: Set<number>;
  /** Highest message id on this connection in this conversation; shared by the tracks of all its senders. */
  readonly position: { id: number };
}

/** One sender's messages to one conversation, numbered 1, 2, 3 …, and what became of them. */
export class Channel {
  readonly seat: Seat;
  readonly template: SendTemplate;
  readonly tracks = new Map<Seat, Track>();
  sent = 0;
  /** Answers come in the order of the sends: all up to here are answered. */
  answered = 0;
  /** Answered with an error. */
  readonly refused = new Set<number>();
  readonly #intendedUs = new Float64Array(RING);
  readonly #ids = new Float64Array(RING);
  readonly #idOf = new Float64Array(RING);

  constructor(options: {
    readonly index: number;
    readonly seat: Seat;
    readonly conversation: number;
    readonly kind: 'personal' | 'group';
    readonly bodyLength: number;
  }) {
    this.seat = options.seat;
    const { index: channel, conversation, kind, bodyLength } = options;
    this.template = new SendTemplate({ channel, conversation, kind, bodyLength });
  }

  get unanswered(): number {
    return this.sent - this.answered;
  }

  /** The caller sees to it that fewer than `RING` are unanswered. */
  send(intendedUs: number): void {
    this.sent++;
    this.#intendedUs[this.sent & MASK] = intendedUs;
    this.seat.send(this.template.write(this.sent, intendedUs));
  }

  /** Takes one answer; returns when its send was meant to be made. */
  answer(): number {
    this.answered++;
    return this.#intendedUs[this.answered & MASK] ?? 0;
  }

  /** Whether this id agrees with what is known of the message; the latest `RING` messages are remembered. */
  agrees(number: number, messageId: number): boolean {
    const slot = number & MASK;
    if (this.#idOf[slot] === number) return this.#ids[slot] === messageId;
    if ((this.#idOf[slot] ?? 0) < number) {
      this.#idOf[slot] = number;
      this.#ids[slot] = messageId;
    }
    return true;
  }

  /** Acknowledged messages that some receiver has not got, counted per receiver. */
  owed(): number {
    let owed = 0;
    for (const { highest, missing } of this.tracks.values()) {
      owed += Math.max(0, this.answered - highest);
      for (const number of missing) if (number <= this.answered) owed++;
      for (const number of this.refused) if (number > highest || missing.has(number)) owed--;
    }
    return owed;
  }
}
