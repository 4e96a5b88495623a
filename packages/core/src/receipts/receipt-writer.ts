import { backoffMs } from '../backoff.ts';
import type { Clock } from '../ports/clock.ts';
import type { ReceiptStore, StatusChange } from '../ports/receipt-store.ts';
import type { Log, Telemetry } from '../ports/telemetry.ts';
import { storeFailure } from '../store-failure.ts';
import type { ConversationId, ConversationKind, Seq, UserId } from '../types.ts';
import { type Receipt, receiptBatch } from './pending-receipts.ts';
import { ReceiptLosses } from './receipt-losses.ts';
import { ReceiptPools } from './receipt-pools.ts';
import { RefusedReceipts } from './refused-receipts.ts';

const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 5_000;
/** So many refused one after the other, none written between them: it is the store, not the receipts. */
const MAX_REFUSED_IN_A_ROW = 3;

export interface ReceiptWriterSettings {
  /** How long a personal receipt may wait for others to be written with when little goes on (up to a second at full load), and a group's always. */
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
  /**
   * What has moved, after its commit, in the order of the commits: for one member of a conversation never backwards. At least once: repeated after a call
   * whose outcome was unknown. What it throws is logged.
   */
  readonly onChanged?: (changes: readonly StatusChange[]) => void;
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
  readonly #pools: ReceiptPools;
  readonly #refused: RefusedReceipts;
  readonly #losses: ReceiptLosses;
  /** Taken from the pools for a call, and neither written nor put back. */
  #inFlight = 0;
  #writing = false;
  #failures = 0;
  #wake: (() => void) | null = null;
  #flushed: (() => void)[] = [];
  #stopped = false;

  constructor(deps: ReceiptWriterDeps) {
    const { clock, log, settings } = deps;
    this.#deps = deps;
    this.#pools = new ReceiptPools(clock, settings.personalWindowMs, settings.groupWindowMs, () => void this.#write());
    this.#refused = new RefusedReceipts(clock, log, (receipts) => {
      for (const receipt of receipts) this.#pools.collect(receipt, () => false);
    });
    this.#losses = new ReceiptLosses(log);
  }

  /** Rows that are not written yet. */
  get pending(): number {
    return this.#pools.size + this.#inFlight + this.#refused.size;
  }

  /** `delivered` receipts dropped at the bound, since the start. */
  get droppedDelivered(): number {
    return this.#losses.delivered;
  }

  /** `seen` receipts lost at the bound, since the start: should stay 0. */
  get lostSeen(): number {
    return this.#losses.seen;
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

  /** The user has seen everything up to `seq`, which has reached it with that. */
  seenUpto(userId: UserId, conversationId: ConversationId, kind: ConversationKind, seq: Seq): void {
    const atUs = this.#deps.clock.nowUs();
    this.#add({ type: 'seenUpto', userId, conversationId, kind, seq, atUs });
  }

  /**
   * Writes all that waits, without waiting for windows, and resolves when nothing does (a receipt that the store refuses alone is tried
   * once more and not waited for). Retries as ever, so the caller bounds the time. Never rejects.
   */
  flush(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#refused.takeBack();
    return new Promise((resolve) => {
      this.#flushed.push(resolve);
      this.#wake?.();
      void this.#write();
    });
  }

  /** Forgets what is not written and cancels all timers. For the end, after `flush`, or after giving up on it. Idempotent. */
  stop(): void {
    this.#stopped = true;
    this.#pools.clear();
    this.#refused.clear();
    this.#inFlight = 0;
    this.#wake?.();
    this.#resolveFlushed();
  }

  #add(receipt: Receipt): void {
    if (this.#stopped) return;
    const { maxPending } = this.#deps.settings;
    if (this.pending >= maxPending && this.#pools.grows(receipt) && !this.#makeRoom(receipt)) return;
    this.#pools.collect(receipt, () => this.pending * 2 >= maxPending);
  }

  #makeRoom(receipt: Receipt): boolean {
    const isDelivered = receipt.type === 'delivered';
    const dropped = isDelivered || this.#pools.dropDelivered();
    if (dropped) this.#losses.dropDelivered(this.pending);
    else this.#losses.loseSeen(this.pending);
    return dropped && !isDelivered;
  }

  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    for (;;) {
      if (this.#flushed.length > 0) this.#pools.setAllDue();
      const rows = this.#pools.takeDue(this.#deps.settings.maxBatchRows);
      this.#inFlight = rows.length;
      if (rows.length === 0) break;
      await this.#apply(rows);
      if (this.#stopped) break;
    }
    this.#writing = false;
    this.#resolveFlushed();
  }

  /** Writes the rows, or in ever smaller parts when the store refuses them; what is not written is merged back before this ends, after a pause. */
  async #apply(rows: readonly Receipt[]): Promise<void> {
    const { store, telemetry, settings } = this.#deps;
    const parts = [rows];
    let refused = 0;
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      try {
        const changes = await store.apply(receiptBatch(part, settings.personalWindowMs * 1000));
        telemetry.receiptsWritten(part.length);
        if (this.#stopped) return;
        this.#wrote(part.length, changes);
        refused = 0;
      } catch (error) {
        if (this.#stopped) return;
        const { outcome, retryable, reason } = storeFailure(error);
        const left = outcome === 'unknown' ? part.map((receipt) => ({ ...receipt, again: true })) : part;
        const [first] = left;
        if (!retryable && left.length > 1) {
          const middle = left.length >> 1;
          parts.push(left.slice(middle), left.slice(0, middle));
          continue;
        }
        if (!retryable && first !== undefined) {
          this.#inFlight -= 1;
          this.#refused.add(first, reason);
          refused += 1;
          if (refused < MAX_REFUSED_IN_A_ROW) continue;
        } else {
          parts.push(left);
        }
        await this.#backOff(parts, reason);
        return;
      }
    }
  }

  #wrote(rows: number, changes: readonly StatusChange[]): void {
    const { log, onChanged } = this.#deps;
    this.#inFlight -= rows;
    if (this.#failures > 0) log.info({ failures: this.#failures }, 'receipts are written again');
    this.#failures = 0;
    this.#losses.reset();
    if (changes.length === 0 || onChanged === undefined) return;
    try {
      onChanged(changes);
    } catch (error) {
      // It is written: to be taken for a failure of the store would write it for ever.
      log.error(
        { reason: error instanceof Error ? error.message : typeof error },
        'changed statuses could not be told',
      );
    }
  }

  async #backOff(parts: readonly (readonly Receipt[])[], reason: string): Promise<void> {
    for (const part of parts) for (const receipt of part) this.#pools.add(receipt);
    this.#inFlight = 0;
    this.#pools.setAllDue();
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
    this.#pools.setAllDue();
  }

  #resolveFlushed(): void {
    const flushed = this.#flushed;
    this.#flushed = [];
    for (const resolve of flushed) resolve();
  }
}
