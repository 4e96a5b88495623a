import type { Connection } from '../ports/connection.ts';
import { MAX_BYTES_AT_ONCE } from '../socket-limits.ts';

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
  /** Null when the socket takes more; else resolves when it does, or is gone. What makes a long answer begins no sooner. */
  room(): Promise<void> | null;
  /** The socket has taken everything. @returns whether an answer that waited for that has left */
  onDrain(): boolean;
  /** The socket is gone. */
  end(): void;
}

/** Shorter answers leave at once, whatever waits. */
const LONG_CHARS = 16_384;

/** Answers that name their request: each leaves when it is ready, a long one when the socket has room. Few are made without it (see `room`). */
export class UnorderedReplies implements Replies {
  readonly #connection: Connection;
  waiting = 0;
  /** Null while there are none. */
  #held: string[] | null = null;
  #onRoom: (() => void)[] | null = null;

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
    if (text !== null && text.length > LONG_CHARS && this.#full) {
      this.#held ??= [];
      this.#held.push(text);
      return;
    }
    this.waiting--;
    this.answer(text);
  }

  room(): Promise<void> | null {
    if (!this.#full) return null;
    return new Promise((resolve) => {
      this.#onRoom ??= [];
      this.#onRoom.push(resolve);
    });
  }

  onDrain(): boolean {
    if (this.#held === null && this.#onRoom === null) return false;
    const held = this.#held ?? [];
    this.#held = null;
    let sent = 0;
    for (; sent < held.length && !this.#full; sent++) {
      this.waiting--;
      this.answer(held[sent] as string);
    }
    if (sent < held.length) this.#held = held.slice(sent);
    else this.#wake();
    return sent > 0;
  }

  end(): void {
    this.#held = null;
    this.#wake();
  }

  get #full(): boolean {
    return this.#held !== null || this.#connection.bufferedBytes() > MAX_BYTES_AT_ONCE;
  }

  #wake(): void {
    const wake = this.#onRoom ?? [];
    this.#onRoom = null;
    for (const resolve of wake) resolve();
  }
}
