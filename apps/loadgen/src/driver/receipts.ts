import type { Seat } from './seat.ts';

/** As our SDK waits. */
const WINDOW_MS = 150;

/** Says how far one seat has come, as a client of the current protocol does: of all that arrives within a window the highest seq counts. */
export class Receipts {
  readonly #seat: Seat;
  readonly #onSaid: () => void;
  readonly #pending = new Map<number, number>();
  #planned = false;
  #ref = 0;

  constructor(seat: Seat, onSaid: () => void) {
    this.#seat = seat;
    this.#onSaid = onSaid;
  }

  note(conversation: number, seq: number): void {
    if (seq > (this.#pending.get(conversation) ?? 0)) this.#pending.set(conversation, seq);
    if (this.#planned) return;
    this.#planned = true;
    setTimeout(() => this.#say(), WINDOW_MS);
  }

  #say(): void {
    this.#planned = false;
    for (const [conversation, seq] of this.#pending) {
      const frame = `{"type":"delivered","conv_id":${conversation},"seq":${seq},"ref":${++this.#ref}}`;
      this.#seat.send(Buffer.from(frame, 'latin1'));
      this.#onSaid();
    }
    this.#pending.clear();
  }
}
