import type { Connection } from '../ports/connection.ts';

/** A request's place among the answers. */
export interface Slot {
  done: boolean;
  text: string | null;
}

/** The answers of one session on their way. Bounded by the session, which stops taking frames first. */
export interface Replies {
  /** Requests that have no answer on its way yet. */
  readonly waiting: number;
  /** Answers as soon as the order allows; null answers nothing. */
  answer(text: string | null): void;
  /** Keeps a place, until it is settled. */
  reserve(slot: Slot): void;
  settle(slot: Slot, text: string | null): void;
}

/** Answers that name their request: each leaves when it is ready. */
export class UnorderedReplies implements Replies {
  readonly #connection: Connection;
  waiting = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  answer(text: string | null): void {
    if (text !== null) this.#connection.send(text);
  }

  reserve(_slot: Slot): void {
    this.waiting++;
  }

  settle(_slot: Slot, text: string | null): void {
    this.waiting--;
    this.answer(text);
  }
}
