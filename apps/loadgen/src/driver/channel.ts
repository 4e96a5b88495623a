import { SendTemplate, type TemplateOptions } from '../wire/message-stamp.ts';
import type { Seat } from './seat.ts';

/** Sends of one sender from the oldest without an answer on, at most; a power of two. */
const RING = 4_096;
const MASK = RING - 1;

/** What one receiver has got of one channel. */
export interface Track {
  highest: number;
  readonly missing: Set<number>;
  /** Highest message id and seq on this connection in this conversation; shared by the tracks of all its senders. */
  readonly position: { id: number; seq: number };
}

/** One sender's messages to one conversation, numbered 1, 2, 3 …, and what became of them. */
export class Channel {
  readonly seat: Seat;
  readonly conversation: number;
  readonly template: SendTemplate;
  readonly tracks = new Map<Seat, Track>();
  sent = 0;
  /** All up to here are answered. */
  answered = 0;
  /** Answered before an earlier one was. */
  readonly #early = new Set<number>();
  /** Answered with an error. */
  readonly refused = new Set<number>();
  readonly #intendedUs = new Float64Array(RING);
  readonly #ids = new Float64Array(RING);
  readonly #seqs = new Float64Array(RING);
  readonly #idOf = new Float64Array(RING);

  constructor(seat: Seat, template: TemplateOptions) {
    this.seat = seat;
    this.conversation = template.conversation;
    this.template = new SendTemplate(template);
  }

  get unanswered(): number {
    return this.sent - this.answered - this.#early.size;
  }

  /** Whether one more send may be made. */
  get full(): boolean {
    return this.sent - this.answered >= RING - 1;
  }

  /** The caller sees to it that it is not `full`. */
  send(intendedUs: number): void {
    this.sent++;
    this.#intendedUs[this.sent & MASK] = intendedUs;
    this.seat.send(this.template.write(this.sent, intendedUs));
  }

  /** Takes the answer to one send. @returns when it was meant to be made; null when nothing waits for this answer */
  answer(number: number): number | null {
    if (number <= this.answered || number > this.sent || this.#early.has(number)) return null;
    if (number === this.answered + 1) {
      this.answered++;
      while (this.#early.delete(this.answered + 1)) this.answered++;
    } else {
      this.#early.add(number);
    }
    return this.#intendedUs[number & MASK] ?? 0;
  }

  /** Whether this id and seq (-1: not told) agree with what is known of the message; the latest `RING` messages are remembered. */
  agrees(number: number, messageId: number, seq: number): boolean {
    const slot = number & MASK;
    if (this.#idOf[slot] === number) return this.#ids[slot] === messageId && this.#seqs[slot] === seq;
    if ((this.#idOf[slot] ?? 0) < number) {
      this.#idOf[slot] = number;
      this.#ids[slot] = messageId;
      this.#seqs[slot] = seq;
    }
    return true;
  }

  /** Acknowledged messages that some receiver has not got, counted per receiver. */
  owed(): number {
    let owed = 0;
    for (const { highest, missing } of this.tracks.values()) {
      owed += Math.max(0, this.answered - highest);
      for (const number of missing) if (number <= this.answered) owed++;
      for (const number of this.#early) if (number > highest || missing.has(number)) owed++;
      for (const number of this.refused) if (number > highest || missing.has(number)) owed--;
    }
    return owed;
  }
}
