import { describe, expect, it } from 'vitest';
import { receiptBenches } from '../testing/receipt-bench.ts';

const T0 = 1_598_356_410_000_000;
const open = receiptBenches();

describe('coalescing', () => {
  it('writes personal receipts one window after the first of them, and has no timer when idle', async () => {
    const bench = open();
    expect(bench.clock.pendingTimers).toBe(0);
    bench.writer.delivered(1, 10, 'personal', 3);
    await bench.clock.advanceAsync(30);
    bench.writer.delivered(1, 10, 'personal', 5);
    bench.writer.delivered(1, 10, 'personal', 4);
    bench.writer.delivered(2, 10, 'personal', 1);
    await bench.clock.advanceAsync(19);
    expect(bench.store.calls).toEqual([]);
    expect(bench.writer.pending).toBe(2);
    await bench.clock.advanceAsync(1);
    expect(bench.store.calls).toEqual([
      {
        delivered: [
          { userId: 1, conversationId: 10, kind: 'personal', seq: 5, atUs: T0 + 30_000 },
          { userId: 2, conversationId: 10, kind: 'personal', seq: 1, atUs: T0 + 30_000 },
        ],
        seen: [],
        seenUpto: [],
      },
    ]);
    expect(bench.writer.pending).toBe(0);
    expect(bench.rowsWritten).toBe(2);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('gives groups their own, longer window', async () => {
    const bench = open();
    bench.writer.delivered(1, 20, 'group', 3);
    bench.writer.delivered(1, 10, 'personal', 3);
    await bench.clock.advanceAsync(60);
    expect(bench.store.calls).toHaveLength(1);
    expect(bench.store.calls[0]?.delivered.map((receipt) => receipt.kind)).toEqual(['personal']);
    await bench.clock.advanceAsync(939);
    expect(bench.store.calls).toHaveLength(1);
    await bench.clock.advanceAsync(1);
    expect(bench.store.calls[1]?.delivered.map((receipt) => receipt.kind)).toEqual(['group']);
  });

  it('writes exactly the messages seen, each once, with the time it was first said (L7, L10)', async () => {
    const bench = open();
    bench.writer.seen(1, 10, [74, 75]);
    await bench.clock.advanceAsync(20);
    bench.writer.seen(1, 10, [75, 77]);
    bench.writer.seen(1, 11, [1]);
    bench.writer.seen(2, 10, []);
    await bench.clock.advanceAsync(30);
    expect(bench.store.calls).toEqual([
      {
        delivered: [],
        seenUpto: [],
        seen: [
          { userId: 1, conversationId: 10, seqs: [74, 75, 77], atUs: T0 + 20_000 },
          { userId: 1, conversationId: 11, seqs: [1], atUs: T0 + 20_000 },
        ],
      },
    ]);
    expect(bench.rowsWritten).toBe(4);
  });

  it('keeps the times of what was seen at different times while the store was away', async () => {
    const bench = open();
    bench.store.step = () => 'fail';
    bench.writer.seen(1, 10, [1]);
    await bench.clock.advanceAsync(60_000);
    bench.writer.seen(1, 10, [1, 2]);
    bench.store.step = () => 'ok';
    await bench.clock.advanceAsync(10_000);
    expect([...bench.store.status(1, 10).seenAtUs]).toEqual([
      [1, T0],
      [2, T0 + 60_000_000],
    ]);
  });

  it('lets a group seen swallow what was delivered up to there, in either order, and not beyond', async () => {
    const bench = open();
    bench.writer.delivered(1, 20, 'group', 3);
    bench.writer.seenUpto(1, 20, 'group', 3);
    bench.writer.seenUpto(2, 20, 'group', 5);
    bench.writer.delivered(2, 20, 'group', 5);
    bench.writer.seenUpto(3, 20, 'group', 4);
    bench.writer.seenUpto(3, 20, 'group', 2);
    bench.writer.delivered(3, 20, 'group', 6);
    expect(bench.writer.pending).toBe(4);
    await bench.clock.advanceAsync(1_000);
    const [call] = bench.store.calls;
    expect(call?.seenUpto.map(({ userId, seq }) => [userId, seq])).toEqual([
      [1, 3],
      [2, 5],
      [3, 4],
    ]);
    expect(call?.delivered.map(({ userId, seq }) => [userId, seq])).toEqual([[3, 6]]);
  });

  it('writes large amounts in calls of at most maxBatchRows, what must not be lost first', async () => {
    const bench = open({ maxBatchRows: 4, maxPending: 100 });
    bench.writer.delivered(9, 10, 'personal', 1);
    bench.writer.seen(1, 10, [1, 2, 3, 4, 5, 6]);
    bench.writer.delivered(8, 10, 'personal', 1);
    await bench.clock.advanceAsync(50);
    expect(bench.store.calls.map((call) => [call.seen[0]?.seqs ?? [], call.delivered.map((r) => r.userId)])).toEqual([
      [[1, 2, 3, 4], []],
      [
        [5, 6],
        [9, 8],
      ],
    ]);
  });

  it('writes the two cursors of a member in one call', async () => {
    const bench = open({ maxBatchRows: 4, maxPending: 100 });
    for (const userId of [1, 2, 3]) bench.writer.seenUpto(userId, 10, 'personal', 1);
    for (const userId of [1, 2, 3, 4]) bench.writer.delivered(userId, 10, 'personal', 2);
    await bench.clock.advanceAsync(50);
    const users = bench.store.calls.map((call) => [call.seenUpto, call.delivered].map((of) => of.map((r) => r.userId)));
    expect(users).toEqual([
      [
        [1, 2],
        [1, 2],
      ],
      [[3], [3, 4]],
    ]);
  });

  it('collects while a call is under way, with one call at a time', async () => {
    const bench = open();
    const release = bench.store.hold();
    bench.writer.delivered(1, 10, 'personal', 1);
    await bench.clock.advanceAsync(50);
    bench.writer.delivered(1, 10, 'personal', 2);
    bench.writer.delivered(1, 10, 'personal', 3);
    await bench.clock.advanceAsync(500);
    expect(bench.store.calls).toHaveLength(1);
    expect(bench.writer.pending).toBe(2);
    release();
    await bench.clock.advanceAsync(50);
    expect(bench.store.calls.map((call) => call.delivered[0]?.seq)).toEqual([1, 3]);
  });

  it('starts a window for what came while several calls were due', async () => {
    const bench = open({ maxBatchRows: 2 });
    const release = bench.store.hold();
    for (const userId of [1, 2, 3, 4]) bench.writer.delivered(userId, 10, 'personal', 1);
    await bench.clock.advanceAsync(50);
    bench.writer.delivered(5, 10, 'personal', 1);
    release();
    await bench.clock.settle();
    expect(bench.rowsWritten).toBe(4);
    await bench.clock.advanceAsync(50);
    expect(bench.rowsWritten).toBe(5);
  });
});
