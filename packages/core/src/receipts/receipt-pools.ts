import type { Clock } from '../ports/clock.ts';
import type { Receipt } from './pending-receipts.ts';
import { ReceiptPacing } from './receipt-pacing.ts';
import { ReceiptPool } from './receipt-pool.ts';

/** The longest that a receipt of a personal conversation waits at full load; also what the watermark pings of legacy clients take. */
const MAX_PERSONAL_WINDOW_MS = 1_000;

/** What waits to be written: personal receipts, whose senders want to know soon, and those of groups. */
export class ReceiptPools {
  readonly #personal: ReceiptPool;
  readonly #group: ReceiptPool;

  constructor(clock: Clock, personalWindowMs: number, groupWindowMs: number, onDue: () => void) {
    this.#personal = new ReceiptPool(clock, new ReceiptPacing(personalWindowMs, MAX_PERSONAL_WINDOW_MS), onDue);
    this.#group = new ReceiptPool(clock, new ReceiptPacing(groupWindowMs, groupWindowMs), onDue);
  }

  get size(): number {
    return this.#personal.pending.size + this.#group.pending.size;
  }

  /** Whether `add` would add a row, not only move or repeat one. */
  grows(receipt: Receipt): boolean {
    return this.#of(receipt).pending.grows(receipt);
  }

  add(receipt: Receipt): void {
    this.#of(receipt).pending.add(receipt);
  }

  /** As `add`, and sees to it that a window is open; `soon`: that it ends with this turn of the event loop. */
  collect(receipt: Receipt, soon: () => boolean): void {
    const pool = this.#of(receipt);
    pool.pending.add(receipt);
    pool.collect(soon());
  }

  setAllDue(): void {
    this.#personal.setAllDue();
    this.#group.setAllDue();
  }

  takeDue(maxRows: number): Receipt[] {
    const rows = this.#personal.takeDue(maxRows);
    if (rows.length < maxRows) rows.push(...this.#group.takeDue(maxRows - rows.length));
    return rows;
  }

  /** Forgets a `delivered`; false when none waits. */
  dropDelivered(): boolean {
    return this.#group.pending.dropDelivered() || this.#personal.pending.dropDelivered();
  }

  clear(): void {
    this.#personal.clear();
    this.#group.clear();
  }

  #of(receipt: Receipt): ReceiptPool {
    return receipt.kind === 'personal' ? this.#personal : this.#group;
  }
}
