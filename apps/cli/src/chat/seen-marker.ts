import type { CancelTimer, Clock } from '@parley/core';

const WINDOW_MS = 200;
const MAX_IDS_PER_FRAME = 1_000;
/** What is kept to be said, or said again after a reconnect. Beyond it the oldest stay `delivered`. */
const MAX_KEPT = 10_000;

/**
 * Collects the ids of messages that were shown and tells the server in batches (L7). A `seen` has no answer, so those sent over a connection
 * that was lost since are said again: saying it twice changes nothing.
 */
export class SeenMarker {
  readonly #send: (frame: string) => boolean;
  readonly #clock: Pick<Clock, 'after'>;
  #waiting: number[] = [];
  #said: number[] = [];
  #timer: CancelTimer | null = null;

  constructor(clock: Pick<Clock, 'after'>, send: (frame: string) => boolean) {
    this.#clock = clock;
    this.#send = send;
  }

  mark(messageId: number): void {
    this.#waiting.push(messageId);
    if (this.#waiting.length > MAX_KEPT) this.#waiting.shift();
    this.#timer ??= this.#clock.after(WINDOW_MS, () => {
      this.#timer = null;
      this.flush();
    });
  }

  onUp(): void {
    this.#waiting = [...this.#said, ...this.#waiting].slice(-MAX_KEPT);
    this.#said = [];
    this.flush();
  }

  /** Says now what is waiting; what no connection takes goes on waiting. */
  flush(): void {
    while (this.#waiting.length > 0) {
      const ids = this.#waiting.slice(0, MAX_IDS_PER_FRAME);
      if (!this.#send(JSON.stringify({ message_id: ids, type: 'seen' }))) return;
      this.#waiting = this.#waiting.slice(ids.length);
      this.#said = [...this.#said, ...ids].slice(-MAX_IDS_PER_FRAME);
    }
  }

  stop(): void {
    this.#timer?.();
    this.#timer = null;
  }
}
