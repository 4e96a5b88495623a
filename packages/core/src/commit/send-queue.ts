import { CommitBatch } from './commit-batch.ts';
import type { PendingSend } from './pending-send.ts';

/** What waits in one lane, in submit order: a ring of fixed capacity, so that queueing allocates nothing. The lane keeps the bound. */
export class SendQueue<S extends PendingSend> {
  readonly #sends: (S | undefined)[];
  readonly #bytes: Float64Array;
  readonly #submittedAtMs: Float64Array;
  readonly #mask: number;
  #head = 0;
  #length = 0;

  constructor(maxRows: number) {
    const capacity = 2 ** Math.ceil(Math.log2(maxRows));
    this.#sends = new Array<S | undefined>(capacity).fill(undefined);
    this.#bytes = new Float64Array(capacity);
    this.#submittedAtMs = new Float64Array(capacity);
    this.#mask = capacity - 1;
  }

  get length(): number {
    return this.#length;
  }

  push(send: S, bytes: number, submittedAtMs: number): void {
    const slot = (this.#head + this.#length) & this.#mask;
    this.#sends[slot] = send;
    this.#bytes[slot] = bytes;
    this.#submittedAtMs[slot] = submittedAtMs;
    this.#length += 1;
  }

  /** The oldest rows, as many as fit both bounds; a row that is too big for any batch comes alone. Null when empty. */
  take(maxRows: number, maxBytes: number): CommitBatch<S> | null {
    if (this.#length === 0) return null;
    let rows = 0;
    let bytes = 0;
    while (rows < this.#length && rows < maxRows) {
      const next = bytes + (this.#bytes[(this.#head + rows) & this.#mask] ?? 0);
      if (rows > 0 && next > maxBytes) break;
      bytes = next;
      rows += 1;
    }
    return this.#remove(rows, bytes);
  }

  /** The oldest rows that were submitted before `atMs`, all of them. Null when there is none. */
  takeSubmittedBefore(atMs: number): CommitBatch<S> | null {
    let rows = 0;
    let bytes = 0;
    while (rows < this.#length) {
      const slot = (this.#head + rows) & this.#mask;
      if ((this.#submittedAtMs[slot] ?? 0) >= atMs) break;
      bytes += this.#bytes[slot] ?? 0;
      rows += 1;
    }
    return rows === 0 ? null : this.#remove(rows, bytes);
  }

  #remove(rows: number, bytes: number): CommitBatch<S> {
    const batch = new CommitBatch<S>(rows, bytes);
    for (let i = 0; i < rows; i += 1) {
      const slot = (this.#head + i) & this.#mask;
      const send = this.#sends[slot];
      if (send === undefined) throw new Error('a hole in the send queue');
      batch.set(i, send, this.#submittedAtMs[slot] ?? 0);
      this.#sends[slot] = undefined;
    }
    this.#head = (this.#head + rows) & this.#mask;
    this.#length -= rows;
    return batch;
  }
}
