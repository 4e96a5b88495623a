import type { CancelTimer, Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import type { Receipt } from './pending-receipts.ts';

/** A receipt that the store refuses alone is tried again after this long: what is wrong (a full disk) may be put right. */
const SET_ASIDE_MS = 10_000;

/** Receipts that the store refuses one by one, set aside so that they do not hold up others. Counted in what the writer bounds. */
export class RefusedReceipts {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onDue: (receipts: readonly Receipt[]) => void;
  #aside: Receipt[] = [];
  #cancel: CancelTimer | null = null;

  constructor(clock: Clock, log: Log, onDue: (receipts: readonly Receipt[]) => void) {
    this.#clock = clock;
    this.#log = log;
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#aside.length;
  }

  add(receipt: Receipt, reason: string): void {
    const { type, userId, conversationId, seq } = receipt;
    this.#log.error({ type, userId, conversationId, seq, reason }, 'a receipt is refused, set aside');
    this.#aside.push(receipt);
    this.#cancel ??= this.#clock.after(SET_ASIDE_MS, () => this.takeBack());
  }

  /** Gives all of them to `onDue`, before their time. */
  takeBack(): void {
    const aside = this.#aside;
    this.clear();
    this.#onDue(aside);
  }

  clear(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#aside = [];
  }
}
