import type { Connection } from '../ports/connection.ts';
import type { Replies, Slot } from './replies.ts';

/**
 * Answers leave in the order of their requests, whatever order they are ready in: a legacy ack names no request (L3), so its place is its meaning.
 * Bounded by the session, which stops taking frames first.
 */
export class ReplyQueue implements Replies {
  readonly #connection: Connection;
  readonly #slots: Slot[] = [];
  #first = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Requests that have no answer on its way yet. */
  get waiting(): number {
    return this.#slots.length - this.#first;
  }

  /** Answers at once when nothing waits before it; null answers nothing. */
  answer(text: string | null): void {
    if (this.waiting === 0) {
      if (text !== null) this.#connection.send(text);
    } else this.#slots.push({ done: true, text });
  }

  /** Keeps a place, until it is settled. */
  reserve(slot: Slot): void {
    this.#slots.push(slot);
  }

  /** No answer of the legacy protocol is long. */
  room(): null {
    return null;
  }

  onDrain(): boolean {
    return false;
  }

  end(): void {}

  settle(slot: Slot, text: string | null): void {
    slot.done = true;
    slot.text = text;
    while (this.#first < this.#slots.length) {
      const next = this.#slots[this.#first] as Slot;
      if (!next.done) break;
      this.#first++;
      if (next.text !== null) this.#connection.send(next.text);
    }
    if (this.#first === this.#slots.length) {
      this.#slots.length = 0;
      this.#first = 0;
    } else if (this.#first >= 64) {
      this.#slots.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
