import type { CancelTimer, Clock } from '../ports/clock.ts';
import { PendingReceipts, type Receipt } from './pending-receipts.ts';
import type { ReceiptPacing } from './receipt-pacing.ts';

/** Receipts of one sort, and the window in which they collect. A window starts with the first receipt that waits; an empty pool has none. */
export class ReceiptPool {
  readonly pending = new PendingReceipts();
  readonly #clock: Clock;
  readonly #pacing: ReceiptPacing;
  readonly #onDue: () => void;
  #due = 0;
  #cancelWindow: CancelTimer | null = null;

  constructor(clock: Clock, pacing: ReceiptPacing, onDue: () => void) {
    this.#clock = clock;
    this.#pacing = pacing;
    this.#onDue = onDue;
  }

  /** Something was added. `soon`: the window ends with this turn of the event loop. */
  collect(soon: boolean): void {
    if (this.#due > 0 || this.pending.size === 0) return;
    if (soon) {
      this.setAllDue();
      this.#clock.defer(this.#endWindow);
    } else {
      this.#cancelWindow ??= this.#clock.after(this.#pacing.windowMs(this.#clock.nowMs()), this.#endWindow);
    }
  }

  /** What waits now is to be written now. Does not call `onDue`. */
  setAllDue(): void {
    this.#closeWindow();
    this.#due = this.pending.size;
  }

  /** The oldest rows that are due, at most `maxRows`. What came after the end of the window starts the next one. */
  takeDue(maxRows: number): Receipt[] {
    const taken = this.pending.take(Math.min(this.#due, maxRows));
    this.#due = Math.min(this.#due - taken.length, this.pending.size);
    let cursors = 0;
    for (const { type } of taken) if (type !== 'seen') cursors += 1;
    if (cursors > 0) this.#pacing.wrote(cursors, this.#clock.nowMs());
    this.collect(false);
    return taken;
  }

  clear(): void {
    this.pending.clear();
    this.setAllDue();
  }

  readonly #endWindow = (): void => {
    this.setAllDue();
    if (this.#due > 0) this.#onDue();
  };

  #closeWindow(): void {
    this.#cancelWindow?.();
    this.#cancelWindow = null;
  }
}
