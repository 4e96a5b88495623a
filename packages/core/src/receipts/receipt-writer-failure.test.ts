import { describe, expect, it } from 'vitest';
import { receiptBenches } from '../testing/receipt-bench.ts';

const open = receiptBenches();

describe('a store that fails', () => {
  it('merges a failed call back, newer ones winning, and writes it after a pause', async () => {
    const bench = open();
    bench.store.steps.push('fail');
    bench.writer.delivered(1, 10, 'personal', 1);
    bench.writer.delivered(2, 10, 'personal', 5);
    bench.writer.seen(3, 10, [4]);
    const release = bench.store.hold();
    await bench.clock.advanceAsync(50);
    bench.writer.delivered(1, 10, 'personal', 7);
    bench.writer.delivered(2, 10, 'personal', 4);
    bench.writer.seen(3, 10, [4, 6]);
    release();
    await bench.clock.settle();
    expect(bench.writer.pending).toBe(4);
    await bench.clock.advanceAsync(50);
    expect(bench.store.calls).toHaveLength(2);
    expect(bench.store.calls[1]?.delivered.map(({ userId, seq }) => [userId, seq])).toEqual([
      [1, 7],
      [2, 5],
    ]);
    expect(bench.store.status(3, 10).seenAtUs.size).toBe(2);
    expect(bench.logged).toEqual([
      'warn: receipts could not be written, trying again',
      'info: receipts are written again',
    ]);
  });

  it('goes on for as long as it takes, with a bounded pause, and has lost nothing when the store is back', async () => {
    const bench = open();
    bench.store.step = () => 'fail';
    bench.writer.seen(1, 10, [1, 2]);
    bench.writer.seenUpto(1, 20, 'group', 8);
    await bench.clock.advanceAsync(3_600_000);
    const calls = bench.store.calls.length;
    expect(calls).toBeGreaterThan(700);
    expect(calls).toBeLessThan(1_500);
    bench.store.step = () => 'ok';
    await bench.clock.advanceAsync(5_000);
    expect([...bench.store.status(1, 10).seenAtUs.keys()]).toEqual([1, 2]);
    expect(bench.store.status(1, 20).seenSeq).toBe(8);
  });

  it('writes again what may have been written', async () => {
    const bench = open();
    bench.store.steps.push('unknown_applied');
    bench.writer.seen(1, 10, [1]);
    await bench.clock.advanceAsync(1_000);
    expect(bench.store.calls).toHaveLength(2);
    expect(bench.writer.pending).toBe(0);
  });

  it('sets a receipt aside that is refused alone, writes the others at once, and tries it again later', async () => {
    const bench = open();
    bench.store.poison.add(33);
    for (let userId = 1; userId <= 60; userId += 1) bench.writer.seen(userId, 10, [1]);
    await bench.clock.advanceAsync(50);
    expect(bench.rowsWritten).toBe(59);
    expect(bench.writer.pending).toBe(1);
    expect(bench.store.calls.length).toBeLessThan(20);
    const calls = bench.store.calls.length;
    bench.writer.seen(61, 10, [1]);
    await bench.clock.advanceAsync(50);
    expect(bench.store.calls).toHaveLength(calls + 1);
    expect(bench.rowsWritten).toBe(60);
    bench.store.poison.clear();
    await bench.clock.advanceAsync(11_000);
    expect(bench.store.status(33, 10).seenAtUs.size).toBe(1);
    expect(bench.writer.pending).toBe(0);
  });

  for (const step of ['fatal', 'throw', 'throw_now'] as const) {
    it(`does not try every receipt alone when the store refuses all of them: ${step}`, async () => {
      const bench = open();
      bench.store.step = () => step;
      for (let userId = 1; userId <= 90; userId += 1) bench.writer.seen(userId, 10, [1]);
      await bench.clock.advanceAsync(51);
      expect(bench.store.calls.length).toBeLessThan(15);
      expect(bench.writer.pending).toBe(90);
      await bench.clock.advanceAsync(60_000);
      expect(bench.writer.pending).toBe(90);
      bench.store.step = () => 'ok';
      await bench.clock.advanceAsync(16_000);
      expect(bench.rowsWritten).toBe(90);
    });
  }
});

describe('bounds (G8)', () => {
  it('ends windows early from half of maxPending on', async () => {
    const bench = open({ maxPending: 100 });
    for (let userId = 1; userId <= 60; userId += 1) bench.writer.seenUpto(userId, 20, 'group', 1);
    expect(bench.store.calls).toHaveLength(0);
    await bench.clock.settle();
    expect(bench.rowsWritten).toBeGreaterThanOrEqual(50);
    await bench.clock.advanceAsync(1_000);
    expect(bench.rowsWritten).toBe(60);
  });

  it('drops a delivered when full, never moves of what waits, and gives seen the place of a delivered', async () => {
    const bench = open({ maxPending: 10 });
    bench.store.step = () => 'fail';
    for (let userId = 1; userId <= 12; userId += 1) bench.writer.delivered(userId, 10, 'personal', 1);
    expect([bench.writer.pending, bench.writer.droppedDelivered]).toEqual([10, 2]);
    bench.writer.delivered(10, 10, 'personal', 9);
    expect(bench.writer.droppedDelivered).toBe(2);
    bench.writer.seen(1, 10, [1, 2, 3, 4]);
    bench.writer.seenUpto(1, 20, 'group', 7);
    expect([bench.writer.pending, bench.writer.droppedDelivered, bench.writer.lostSeen]).toEqual([10, 7, 0]);
    await bench.clock.advanceAsync(500);
    bench.store.step = () => 'ok';
    await bench.clock.advanceAsync(10_000);
    expect(bench.store.status(1, 10).seenAtUs.size).toBe(4);
    expect(bench.store.status(1, 20).seenSeq).toBe(7);
    expect(bench.store.status(10, 10).deliveredSeq).toBe(9);
    expect(bench.logged.filter((line) => line.includes('too many'))).toEqual([
      'warn: too many receipts wait: dropping delivered ones',
    ]);
  });

  it('loses a seen only when nothing but seen waits, and says so', async () => {
    const bench = open({ maxPending: 10 });
    bench.store.step = () => 'fail';
    bench.writer.seen(1, 10, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    bench.writer.delivered(2, 10, 'personal', 1);
    expect([bench.writer.pending, bench.writer.droppedDelivered, bench.writer.lostSeen]).toEqual([10, 1, 2]);
    expect(bench.logged).toContain('error: too many receipts wait: losing seen ones');
    bench.store.step = () => 'ok';
    await bench.clock.advanceAsync(10_000);
    bench.writer.seen(1, 10, [11, 12]);
    await bench.clock.advanceAsync(50);
    expect(bench.store.status(1, 10).seenAtUs.size).toBe(12);
  });

  it('counts what is in the hands of the store', async () => {
    const bench = open({ maxPending: 10 });
    const release = bench.store.hold();
    bench.writer.seen(1, 10, [1, 2, 3, 4, 5, 6]);
    await bench.clock.advanceAsync(50);
    bench.writer.seen(1, 11, [1, 2, 3, 4, 5, 6]);
    expect([bench.writer.pending, bench.writer.lostSeen]).toEqual([10, 2]);
    release();
    await bench.clock.advanceAsync(100);
    expect(bench.rowsWritten).toBe(10);
  });
});

describe('flush and stop (G10)', () => {
  it('writes all at once, also what a call under way leaves behind, and resolves then', async () => {
    const bench = open();
    const release = bench.store.hold();
    bench.writer.seen(1, 10, [1]);
    await bench.clock.advanceAsync(50);
    bench.writer.seen(1, 10, [2]);
    bench.writer.seenUpto(1, 20, 'group', 1);
    let done = 0;
    const flushed = Promise.all([
      bench.writer.flush().then(() => (done += 1)),
      bench.writer.flush().then(() => (done += 1)),
    ]);
    await bench.clock.settle();
    expect(done).toBe(0);
    release();
    await flushed;
    expect(done).toBe(2);
    expect(bench.rowsWritten).toBe(3);
    expect(bench.clock.nowMs()).toBe(50);
    expect(bench.clock.pendingTimers).toBe(0);
    await bench.writer.flush();
    expect(bench.store.calls).toHaveLength(2);
  });

  it('does not wait for a pause, but does for the store to come back', async () => {
    const bench = open();
    bench.store.step = () => 'fail';
    bench.writer.seen(1, 10, [1]);
    await bench.clock.advanceAsync(100_000);
    const calls = bench.store.calls.length;
    let done = false;
    void bench.writer.flush().then(() => {
      done = true;
    });
    await bench.clock.settle();
    expect(bench.store.calls).toHaveLength(calls + 1);
    expect(done).toBe(false);
    bench.store.step = () => 'ok';
    await bench.clock.advanceAsync(5_000);
    expect(done).toBe(true);
    expect(bench.rowsWritten).toBe(1);
  });

  it('tries what was set aside once more, and does not wait for it', async () => {
    const bench = open();
    bench.store.poison.add(1);
    bench.writer.seen(1, 10, [1]);
    bench.writer.seen(2, 10, [1]);
    await bench.clock.advanceAsync(50);
    const calls = bench.store.calls.length;
    await bench.writer.flush();
    expect(bench.store.calls.length).toBe(calls + 1);
    expect([bench.rowsWritten, bench.writer.pending]).toEqual([1, 1]);
  });

  it('stops in the middle of a call, of a pause and of a window', async () => {
    for (const until of ['call', 'written call', 'pause', 'window'] as const) {
      const bench = open();
      const release = bench.store.hold();
      bench.store.step = () => (until === 'written call' ? 'ok' : 'fail');
      bench.writer.seen(1, 10, [1]);
      if (until !== 'window') await bench.clock.advanceAsync(50);
      if (until === 'pause') {
        release();
        await bench.clock.settle();
      }
      const flushed = bench.writer.flush();
      bench.writer.stop();
      await flushed;
      release();
      await bench.clock.settle();
      const calls = bench.store.calls.length;
      bench.writer.seen(1, 10, [2]);
      await bench.writer.flush();
      await bench.clock.advanceAsync(100_000);
      expect(bench.store.calls).toHaveLength(calls);
      expect([bench.writer.pending, bench.clock.pendingTimers]).toEqual([0, 0]);
    }
  });
});
