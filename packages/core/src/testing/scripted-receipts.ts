import type { Clock } from '../ports/clock.ts';
import { StoreError } from '../ports/message-store.ts';
import type { ReceiptBatch, ReceiptStore } from '../ports/receipt-store.ts';
import type { ConversationId, Seq, TimeUs, UserId } from '../types.ts';

/** How one call goes. `unknown_applied`: it fails for the caller, but was written. */
export type ReceiptStep = 'ok' | 'fail' | 'fatal' | 'unknown_applied' | 'throw' | 'throw_now';

/** What a user has made of a conversation, as far as it was written. */
export interface WrittenStatus {
  deliveredSeq: Seq;
  groupSeenSeq: Seq;
  /** The first time that was written for it. */
  readonly seenAtUs: Map<Seq, TimeUs>;
}

/** `ReceiptStore` as its port promises it, in memory, whose calls fail as a test says: each takes the next of `steps`, or `step` when there is none. */
export class ScriptedReceipts implements ReceiptStore {
  readonly steps: ReceiptStep[] = [];
  step: () => ReceiptStep = () => 'ok';
  /** Users whose receipts are refused, and with them all of the call. */
  readonly poison = new Set<UserId>();
  latencyMs: () => number = () => 0;
  readonly calls: ReceiptBatch[] = [];
  readonly written = new Map<string, WrittenStatus>();
  maxRunning = 0;
  #running = 0;
  readonly #clock: Clock;
  #gate: Promise<void> | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls that begin from now on wait for the returned function to be called. */
  hold(): () => void {
    let open = (): void => {};
    this.#gate = new Promise((resolve) => {
      open = resolve;
    });
    return () => {
      this.#gate = null;
      open();
    };
  }

  apply(batch: ReceiptBatch): Promise<void> {
    this.calls.push(batch);
    const step = this.steps.shift() ?? this.step();
    if (step === 'throw_now') throw new TypeError('a bug, before the call');
    return this.#run(step, batch);
  }

  status(userId: UserId, conversationId: ConversationId): WrittenStatus {
    const key = `${userId}:${conversationId}`;
    const known = this.written.get(key);
    if (known !== undefined) return known;
    const status: WrittenStatus = { deliveredSeq: 0, groupSeenSeq: 0, seenAtUs: new Map() };
    this.written.set(key, status);
    return status;
  }

  async #run(step: ReceiptStep, batch: ReceiptBatch): Promise<void> {
    this.#running += 1;
    this.maxRunning = Math.max(this.maxRunning, this.#running);
    try {
      if (this.#gate !== null) await this.#gate;
      const latencyMs = this.latencyMs();
      if (latencyMs > 0) await new Promise<void>((resolve) => void this.#clock.after(latencyMs, resolve));
      if (step === 'fail') throw new StoreError('deadlock', { outcome: 'not_committed', retryable: true });
      if (step === 'fatal') throw new StoreError('disk full', { outcome: 'not_committed', retryable: false });
      if (step === 'throw') throw new TypeError('a bug');
      const receipts = [...batch.delivered, ...batch.seen, ...batch.groupSeen];
      if (receipts.some((receipt) => this.poison.has(receipt.userId))) {
        throw new StoreError('no such member', { outcome: 'not_committed', retryable: false });
      }
      this.#write(batch);
      if (step === 'unknown_applied') {
        throw new StoreError('connection lost in COMMIT', { outcome: 'unknown', retryable: true });
      }
    } finally {
      this.#running -= 1;
    }
  }

  #write(batch: ReceiptBatch): void {
    for (const { userId, conversationId, seq } of batch.delivered) {
      const status = this.status(userId, conversationId);
      status.deliveredSeq = Math.max(status.deliveredSeq, seq);
    }
    for (const { userId, conversationId, seq } of batch.groupSeen) {
      const status = this.status(userId, conversationId);
      status.groupSeenSeq = Math.max(status.groupSeenSeq, seq);
      status.deliveredSeq = Math.max(status.deliveredSeq, seq);
    }
    for (const { userId, conversationId, seqs, atUs } of batch.seen) {
      const { seenAtUs } = this.status(userId, conversationId);
      for (const seq of seqs) if (!seenAtUs.has(seq)) seenAtUs.set(seq, atUs);
    }
  }
}
