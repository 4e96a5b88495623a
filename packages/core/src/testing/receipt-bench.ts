import { afterEach, expect } from 'vitest';
import type { StatusChange } from '../ports/receipt-store.ts';
import type { Log, Telemetry } from '../ports/telemetry.ts';
import { ReceiptWriter, type ReceiptWriterSettings } from '../receipts/receipt-writer.ts';
import { FakeClock } from './fake-clock.ts';
import { ScriptedReceipts } from './scripted-receipts.ts';

/** A receipt writer on a scripted store. */
export class ReceiptBench {
  readonly clock = new FakeClock();
  readonly store = new ScriptedReceipts(this.clock);
  readonly logged: string[] = [];
  rowsWritten = 0;
  readonly changes: StatusChange[] = [];
  onChanged: (changes: readonly StatusChange[]) => void = (changes) => void this.changes.push(...changes);
  readonly writer: ReceiptWriter;

  constructor(settings: Partial<ReceiptWriterSettings> = {}, random: () => number = () => 0.5) {
    const line =
      (level: string) =>
      (_fields: object, message: string): void =>
        void this.logged.push(`${level}: ${message}`);
    const log: Log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
    const telemetry = {
      receiptsWritten: (rows: number) => {
        this.rowsWritten += rows;
      },
    } as unknown as Telemetry;
    this.writer = new ReceiptWriter({
      store: this.store,
      clock: this.clock,
      telemetry,
      log,
      settings: { personalWindowMs: 50, groupWindowMs: 1_000, maxPending: 1_000, maxBatchRows: 100, ...settings },
      random,
      onChanged: (changes) => this.onChanged(changes),
    });
  }
}

/** @returns what opens benches for the tests of the file; behind each test nothing may be left in them: no timer, nothing pending, no two calls of the store at a time */
export function receiptBenches(): (...args: ConstructorParameters<typeof ReceiptBench>) => ReceiptBench {
  const benches: ReceiptBench[] = [];
  afterEach(() => {
    for (const { writer, clock, store } of benches.splice(0)) {
      writer.stop();
      expect([clock.pendingTimers, writer.pending]).toEqual([0, 0]);
      expect(store.maxRunning).toBeLessThan(2);
    }
  });
  return (...args) => {
    const bench = new ReceiptBench(...args);
    benches.push(bench);
    return bench;
  };
}
