import type { AppendOutcome, AppendResult, AppendRow, FirstMessage } from '@parley/core';

export const clientKey = (row: Pick<AppendRow, 'conversationId' | 'senderId' | 'clientId'>): string =>
  `${row.conversationId} ${row.senderId} ${row.clientId}`;

/**
 * What is left to store of a batch that met a repeat (G3). `settle` takes out every row whose message is stored already and every row that
 * repeats an earlier one of the batch; the rest, `pending`, can be stored in one go.
 */
export class AppendPlan {
  readonly #batch: readonly AppendRow[];
  readonly #results: (AppendResult | undefined)[];
  /** Rows without a result yet. */
  #open: number[];
  /** Those of them to be stored: the first of each client id. */
  #leaders: number[];

  constructor(batch: readonly AppendRow[]) {
    this.#batch = batch;
    this.#results = batch.map(() => undefined);
    this.#open = batch.map((_, index) => index);
    this.#leaders = this.#open;
  }

  get pending(): readonly AppendRow[] {
    return this.#leaders.map((index) => this.#row(index));
  }

  /** Whether this took anything out of `pending`. */
  settle(firsts: ReadonlyMap<string, FirstMessage>): boolean {
    const before = this.#leaders.length;
    const leaders = new Map<string, number>();
    this.#open = this.#open.filter((index) => {
      const row = this.#row(index);
      const key = clientKey(row);
      const first = firsts.get(key);
      if (first === undefined) {
        if (!leaders.has(key)) leaders.set(key, index);
        return true;
      }
      this.#results[index] = repeatOf(first, row);
      return false;
    });
    this.#leaders = [...leaders.values()];
    return this.#leaders.length < before;
  }

  /** The outcome of the whole batch once its pending rows have been stored with these results. */
  outcome(stored: readonly AppendResult[]): AppendOutcome {
    const firsts = new Map<string, FirstMessage>();
    for (const [position, index] of this.#leaders.entries()) {
      const row = this.#row(index);
      const result = stored[position] as AppendResult;
      this.#results[index] = result;
      if (result.kind !== 'conflict')
        firsts.set(clientKey(row), { ...result, body: row.body.toWellFormed(), isEvent: false });
    }
    for (const index of this.#open) {
      const row = this.#row(index);
      this.#results[index] ??= repeatOf(firsts.get(clientKey(row)) as FirstMessage, row);
    }
    return { kind: 'committed', results: this.#results as AppendResult[] };
  }

  #row(index: number): AppendRow {
    return this.#batch[index] as AppendRow;
  }
}

const repeatOf = (first: FirstMessage, row: AppendRow): AppendResult =>
  !first.isEvent && first.body === row.body.toWellFormed()
    ? { kind: 'duplicate', seq: first.seq, messageId: first.messageId, sentAtUs: first.sentAtUs }
    : { kind: 'conflict' };
