import { describe, expect, it } from 'vitest';
import { Random, testSeed } from '../testing/random.ts';
import { type ReceiptBench, receiptBenches } from '../testing/receipt-bench.ts';
import { ReceiptPacing } from './receipt-pacing.ts';

describe('pacing', () => {
  it('gives the shortest window until the cursors of a second are used up', () => {
    const pacing = new ReceiptPacing(50, 1_000, 100);
    expect(pacing.windowMs(0)).toBe(50);
    pacing.wrote(5, 0);
    expect(pacing.windowMs(0)).toBe(50);
    pacing.wrote(15, 0);
    expect(pacing.windowMs(0)).toBe(200);
    expect(pacing.windowMs(120)).toBe(80);
    expect(pacing.windowMs(160)).toBe(50);
  });

  it('never asks for more than the longest window, and owes nothing from long ago', () => {
    const pacing = new ReceiptPacing(50, 1_000, 100);
    for (let i = 0; i < 100; i += 1) pacing.wrote(500, i);
    expect(pacing.windowMs(99)).toBe(1_000);
    expect(pacing.windowMs(1_099)).toBe(50);
    pacing.wrote(1, 1_000_000);
    expect(pacing.windowMs(1_000_000)).toBe(50);
  });

  it('keeps a shortest window that is longer than the longest', () => {
    const pacing = new ReceiptPacing(3_000, 1_000);
    pacing.wrote(10_000, 0);
    expect(pacing.windowMs(0)).toBe(3_000);
  });
});

describe('receipts under load', () => {
  const benches = receiptBenches();
  const open = (): ReceiptBench => benches({ maxPending: 50_000, maxBatchRows: 500 });
  /** Members that each acknowledge every 50 to 100 ms, for a while; how long each acknowledgement waited for the store, in ms. */
  async function acknowledge(bench: ReceiptBench, random: Random, members: number, forMs: number): Promise<number[]> {
    const startMs = bench.clock.nowMs();
    const nextMs = Array.from({ length: members }, () => startMs + random.below(100));
    const waiting = new Map<number, { readonly seq: number; readonly atMs: number }[]>();
    const waits: number[] = [];
    let seen = bench.store.calls.length;
    let seq = startMs;
    for (let now = startMs; now < startMs + forMs; now += 1) {
      for (const [member, dueMs] of nextMs.entries()) {
        if (dueMs > now) continue;
        nextMs[member] = now + 50 + random.below(50);
        seq += 1;
        bench.writer.delivered(member + 1, 10, 'personal', seq);
        waiting.set(member + 1, [...(waiting.get(member + 1) ?? []), { seq, atMs: now }]);
      }
      bench.clock.advance(1);
      bench.clock.tick();
      // The store answers at once: promises need no more than this.
      for (let i = 0; i < 8; i += 1) await Promise.resolve();
      for (; seen < bench.store.calls.length; seen += 1) {
        for (const receipt of bench.store.calls[seen]?.delivered ?? []) {
          const said = waiting.get(receipt.userId) ?? [];
          for (const { atMs } of said.filter((one) => one.seq <= receipt.seq)) waits.push(bench.clock.nowMs() - atMs);
          waiting.set(
            receipt.userId,
            said.filter((one) => one.seq > receipt.seq),
          );
        }
      }
    }
    return waits;
  }

  const seed = testSeed();
  it(`writes each of 400 busy members about once a second, and lets none wait longer (seed ${seed})`, async () => {
    const bench = open();
    const waits = await acknowledge(bench, new Random(seed), 400, 5_000);
    expect(waits.length).toBeGreaterThan(20_000);
    expect(bench.rowsWritten).toBeLessThanOrEqual(400 * 6);
    expect(bench.store.calls.length).toBeLessThanOrEqual(7);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_002);
  });

  it(`writes what a few members say at once, and quickly again after a storm (seed ${seed})`, async () => {
    const bench = open();
    const random = new Random(seed);
    const quick = await acknowledge(bench, random, 4, 3_000);
    expect(Math.max(...quick)).toBeLessThanOrEqual(52);
    await acknowledge(bench, random, 400, 3_000);
    // The last window of the storm, and what it has used up.
    await bench.clock.advanceAsync(2_000);
    expect([bench.writer.pending, bench.clock.pendingTimers]).toEqual([0, 0]);
    expect(Math.max(...(await acknowledge(bench, random, 4, 1_000)))).toBeLessThanOrEqual(52);
  });

  it('does not let a long list of exact messages seen slow the cursors down', async () => {
    const bench = open();
    bench.writer.seen(
      1,
      10,
      Array.from({ length: 5_000 }, (_, i) => i + 1),
    );
    await bench.clock.advanceAsync(50);
    expect(bench.rowsWritten).toBe(5_000);
    bench.writer.delivered(2, 10, 'personal', 1);
    await bench.clock.advanceAsync(50);
    expect(bench.rowsWritten).toBe(5_001);
  });

  it('G10 a flush waits for no window', async () => {
    const bench = open();
    for (let userId = 1; userId <= 400; userId += 1) bench.writer.delivered(userId, 10, 'personal', 1);
    await bench.clock.advanceAsync(50);
    bench.writer.delivered(1, 10, 'personal', 2);
    await bench.clock.advanceAsync(900);
    expect(bench.rowsWritten).toBe(400);
    const nowMs = bench.clock.nowMs();
    await bench.writer.flush();
    expect([bench.rowsWritten, bench.clock.nowMs()]).toEqual([401, nowMs]);
  });
});
