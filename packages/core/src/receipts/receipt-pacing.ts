/** Cursors of one node written in a second before windows grow: each is two rows in the store, and a notice to a sender. */
const CURSORS_PER_SECOND = 100;

/**
 * How long receipts may wait for others to be written with. Every cursor that is written uses up its share of a second, and a window lasts until what was written is paid for: the
 * shortest one when little goes on, the longest when as many members are active as that takes, however often each of them
 * says how far it is. Exact `seen` gains nothing by waiting and is not counted. Needs no timer; nothing waits longer than `maxMs`.
 */
export class ReceiptPacing {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #costMs: number;
  #paidUntilMs = Number.NEGATIVE_INFINITY;

  constructor(minMs: number, maxMs: number, cursorsPerSecond = CURSORS_PER_SECOND) {
    this.#minMs = minMs;
    this.#maxMs = Math.max(minMs, maxMs);
    this.#costMs = 1_000 / cursorsPerSecond;
  }

  /** Of a window that opens now. */
  windowMs(nowMs: number): number {
    return Math.min(this.#maxMs, Math.max(this.#minMs, this.#paidUntilMs - nowMs));
  }

  wrote(cursors: number, nowMs: number): void {
    const paidUntilMs = Math.max(this.#paidUntilMs, nowMs) + cursors * this.#costMs;
    this.#paidUntilMs = Math.min(paidUntilMs, nowMs + this.#maxMs);
  }
}
