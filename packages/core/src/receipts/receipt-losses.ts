import type { Log } from '../ports/telemetry.ts';

/** Counts what is given up at the bound, and says so once each time it comes to it. */
export class ReceiptLosses {
  readonly #log: Log;
  #delivered = 0;
  #seen = 0;
  #logged = false;

  constructor(log: Log) {
    this.#log = log;
  }

  get delivered(): number {
    return this.#delivered;
  }

  get seen(): number {
    return this.#seen;
  }

  dropDelivered(pending: number): void {
    this.#delivered += 1;
    if (!this.#logged) this.#log.warn(this.#fields(pending), 'too many receipts wait: dropping delivered ones');
    this.#logged = true;
  }

  loseSeen(pending: number): void {
    this.#seen += 1;
    if (this.#seen === 1) this.#log.error(this.#fields(pending), 'too many receipts wait: losing seen ones');
    this.#logged = true;
  }

  /** There is room again. */
  reset(): void {
    this.#logged = false;
  }

  #fields(pending: number): object {
    return { pending, droppedDelivered: this.#delivered, lostSeen: this.#seen };
  }
}
