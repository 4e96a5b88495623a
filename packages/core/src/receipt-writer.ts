import { backoffMs } from './backoff.ts';
import { type Receipt, receiptBatch } from './pending-receipts.ts';
import type { CancelTimer, Clock } from './ports/clock.ts';
import type { ReceiptStore } from './ports/receipt-store.ts';
import type { Log, Telemetry } from './ports/telemetry.ts';
import { ReceiptPool } from './receipt-pool.ts';
import { storeFailure } from './store-failure.ts';
import type { ConversationId, ConversationKind, Seq, UserId } from './types.ts';

const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 5_000;
/** A receipt that the store refuses alone is tried again after this long: what is wrong (a full disk) may be put right. */
const SET_ASIDE_MS = 10_000;
/** So many refused one after the other, none written between them: it is the store, not the receipts. */
const MAX_REFUSED_IN_A_ROW = 3;

export interface ReceiptWriterSettings {
  /** How long a personal receipt, and a group's, may wait for others to be written with. */
  readonly personalWindowMs: number;
  readonly groupWindowMs: number;
  /** Rows that are not written: cursors, and messages seen. */
  readonly maxPending: number;
  /** Rows of one call on the store. */
  readonly maxBatchRows: number;
}

export interface ReceiptWriterDeps {
  readonly store: ReceiptStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly log: Log;
  readonly settings: ReceiptWriterSettings;
  /** 0 <= x < 1, for backoff. Default: `Math.random`. */
  readonly random?: () => number;
}

/**
 * Coalesces receipts and writes them in batches. A window starts with the first receipt that waits (no timer when idle); when it ends, what has
 * collected is written, one call at a time. All of it only moves statuses forward, so whatever fails is merged back and written again,
 * with a growing pause, for as long as the process lives; a receipt that alone makes a call fail is set aside and does not hold up others.
 *
 * Bound: from half of `maxPending` windows end early. At `maxPending` a `delivered` is dropped: the messages stay pending, and are delivered again at the
 * next connect. A `seen` takes the place of a `delivered`; only when nothing but `seen` waits is one lost, which is counted and
 * logged. What moves a cursor that waits already is always taken.
 */
export class ReceiptWriter {
  readonly #deps: ReceiptWriterDeps;
  readonly #personal: ReceiptPool;
  readonly #group: ReceiptPool;
  /** Taken from the pools for a call, and neither written nor put back. */
  #inFlight = 0;
  #aside: Receipt[] = [];
  #cancelAside: CancelTimer | null = null;
  #writing = false;
  #failures = 0;
  #wake: (() => void) | null = null;
  #flushed: (() => void)[] = [];
  #droppedDelivered = 0;
  #lostSeen = 0;
  #fullLogged = false;
  #stopped = false;

  constructor(deps: ReceiptWriterDeps) {
    this.#deps = deps;
    const onDue = (): void => void this.#write();
    this.#personal = new ReceiptPool(deps.clock, deps.settings.personalWindowMs, onDue);
    this.#group = new ReceiptPool(deps.clock, deps.settings.groupWindowMs, onDue);
  }

  /** Rows that are not written yet. */
  get pending(): number {
    return this.#personal.pending.size + this.#group.pending.size + this.#inFlight + this.#aside.length;
  }

  /** `delivered` receipts dropped at the bound, since the start. */
  get droppedDelivered(): number {
    return this.#droppedDelivered;
  }

  /** `seen` receipts lost at the bound, since the start: should stay 0. */
  get lostSeen(): number {
    return this.#lostSeen;
  }

  /** All messages of others up to `seq` have reached a connection of the user. */
  delivered(userId: UserId, conversationId: ConversationId, kind: ConversationKind, seq: Seq): void {
    const atUs = this.#deps.clock.nowUs();
    this.#add({ type: 'delivered', userId, conversationId, kind, seq, atUs });
  }

  /** The user has seen exactly these messages of a personal conversation. */
  seen(userId: UserId, conversationId: ConversationId, seqs: readonly Seq[]): void {
    const atUs = this.#deps.clock.nowUs();
    for (const seq of seqs) this.#add({ type: 'seen', userId, conversationId, kind: 'personal', seq, atUs });
  }

  /** The user has seen a group up to `seq`. */
  groupSeen(userId: UserId, conversationId: ConversationId, seq: Seq): void {
    const atUs = this.#deps.clock.nowUs();
    this.#add({ type: 'groupSeen', userId, conversationId, kind: 'group', seq, atUs });
  }

  /**
   * Writes all that waits, without waiting for windows, and resolves when nothing does (a receipt that the store refuses alone is tried
   * once more and not waited for). Retries as ever, so the caller bounds the time. Never rejects.
   */
  flush(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#takeBackAside();
    return new Promise((resolve) => {
      this.#flushed.push(resolve);
      this.#wake?.();
      void this.#write();
    });
  }

  /** Forgets what is not written and cancels all timers. For the end, after `flush`, or after giving up on it. Idempotent. */
  stop(): void {
    this.#stopped = true;
    this.#personal.clear();
    this.#group.clear();
    this.#cancelAside?.();
    this.#aside = [];
    this.#inFlight = 0;
    this.#wake?.();
    this.#resolveFlushed();
  }

  #poolOf(receipt: Receipt): ReceiptPool {
    return receipt.kind === 'personal' ? this.#personal : this.#group;
  }

  #add(receipt: Receipt): void {
    if (this.#stopped) return;
    const to = this.#poolOf(receipt);
    if (to.pending.grows(receipt) && this.pending >= this.#deps.settings.maxPending && !this.#makeRoom(receipt)) return;
    to.pending.add(receipt);
    to.collect(this.pending * 2 >= this.#deps.settings.maxPending);
  }

  #makeRoom(receipt: Receipt): boolean {
    const isDelivered = receipt.type === 'delivered';
    const dropped = isDelivered || this.#group.pending.dropDelivered() || this.#personal.pending.dropDelivered();
    if (dropped) this.#droppedDelivered += 1;
    else this.#lostSeen += 1;
    if (!this.#fullLogged || !dropped) {
      const fields = { pending: this.pending, droppedDelivered: this.#droppedDelivered, lostSeen: this.#lostSeen };
      if (dropped) this.#deps.log.warn(fields, 'too many receipts wait: dropping delivered ones');
      else if (this.#lostSeen === 1) this.#deps.log.error(fields, 'too many receipts wait: losing seen ones');
      this.#fullLogged = true;
    }
    return dropped && !isDelivered;
  }

  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    for (;;) {
      if (this.#flushed.length > 0) this.#allDue();
      const rows = this.#takeDue();
      if (rows.length === 0) break;
      await this.#apply(rows);
      if (this.#stopped) break;
    }
    this.#writing = false;
    this.#resolveFlushed();
  }

  #allDue(): void {
    this.#personal.setAllDue();
    this.#group.setAllDue();
  }

  #takeDue(): Receipt[] {
    const { maxBatchRows } = this.#deps.settings;
    const rows = this.#personal.takeDue(maxBatchRows);
    if (rows.length < maxBatchRows) rows.push(...this.#group.takeDue(maxBatchRows - rows.length));
    this.#inFlight = rows.length;
    return rows;
  }

  /** Writes the rows, or in ever smaller parts when the store refuses them; what is not written is merged back before this ends, after a pause. */
  async #apply(rows: Receipt[]): Promise<void> {
    const { store, telemetry, settings } = this.#deps;
    const parts = [rows];
    let refused = 0;
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      try {
        await store.apply(receiptBatch(part, settings.personalWindowMs * 1000));
        telemetry.receiptsWritten(part.length);
        if (this.#stopped) return;
        this.#wrote(part.length);
        refused = 0;
      } catch (error) {
        if (this.#stopped) return;
        const { retryable, reason } = storeFailure(error);
        const first = part[0];
        if (!retryable && part.length > 1) {
          const middle = part.length >> 1;
          parts.push(part.slice(middle), part.slice(0, middle));
          continue;
        }
        if (!retryable && first !== undefined) {
          this.#setAside(first, reason);
          refused += 1;
          if (refused < MAX_REFUSED_IN_A_ROW) continue;
        } else {
          parts.push(part);
        }
        await this.#backOff(parts, reason);
        return;
      }
    }
  }

  #wrote(rows: number): void {
    this.#inFlight -= rows;
    if (this.#failures > 0) this.#deps.log.info({ failures: this.#failures }, 'receipts are written again');
    this.#failures = 0;
    this.#fullLogged = false;
  }

  async #backOff(parts: readonly (readonly Receipt[])[], reason: string): Promise<void> {
    for (const part of parts) for (const receipt of part) this.#poolOf(receipt).pending.add(receipt);
    this.#inFlight = 0;
    this.#allDue();
    this.#failures += 1;
    const delayMs = backoffMs(this.#failures, RETRY_MIN_MS, RETRY_MAX_MS, this.#deps.random ?? Math.random);
    const fields = { pending: this.pending, failures: this.#failures, delayMs, reason };
    if (this.#failures === 1) this.#deps.log.warn(fields, 'receipts could not be written, trying again');
    else this.#deps.log.debug(fields, 'receipts could not be written again');
    await new Promise<void>((resolve) => {
      const cancel = this.#deps.clock.after(delayMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
    this.#wake = null;
    this.#allDue();
  }

  #setAside(receipt: Receipt, reason: string): void {
    const { type, userId, conversationId, seq } = receipt;
    this.#deps.log.error({ type, userId, conversationId, seq, reason }, 'a receipt is refused, set aside');
    this.#inFlight -= 1;
    this.#aside.push(receipt);
    this.#cancelAside ??= this.#deps.clock.after(SET_ASIDE_MS, () => this.#takeBackAside());
  }

  #takeBackAside(): void {
    this.#cancelAside?.();
    this.#cancelAside = null;
    const aside = this.#aside;
    this.#aside = [];
    for (const receipt of aside) {
      const to = this.#poolOf(receipt);
      to.pending.add(receipt);
      to.collect(false);
    }
  }

  #resolveFlushed(): void {
    const flushed = this.#flushed;
    this.#flushed = [];
    for (const resolve of flushed) resolve();
  }
}
