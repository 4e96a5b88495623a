import { describe, expect, it } from 'vitest';
import type { StatusChange } from '../ports/receipt-store.ts';
import { receiptBenches } from '../testing/receipt-bench.ts';
import { scriptedMessageId, scriptedPeer } from '../testing/scripted-receipts.ts';

const open = receiptBenches();
const brief = ({ userId, previousDeliveredSeq, deliveredSeq, previousSeenSeq, seenSeq }: StatusChange): number[] => [
  ...[userId, previousDeliveredSeq, deliveredSeq],
  ...[previousSeenSeq, seenSeq],
];

describe('telling what has moved (G6)', () => {
  it('tells it after the commit, and not before', async () => {
    const bench = open();
    const release = bench.store.hold();
    bench.writer.delivered(1, 10, 'personal', 3);
    bench.writer.seen(1, 10, [5]);
    await bench.clock.advanceAsync(50);
    expect([bench.store.calls.length, bench.changes]).toEqual([1, []]);
    release();
    await bench.clock.settle();
    expect(bench.changes).toEqual([
      {
        ...{ userId: 1, conversationId: 10, kind: 'personal', peerId: scriptedPeer(1) },
        ...{ deliveredSeq: 3, deliveredAtUs: 1_598_356_410_000_000, seenSeq: 0, seenAtUs: null },
        ...{ previousDeliveredSeq: 0, previousSeenSeq: 0, seenMessageIds: [scriptedMessageId(10, 5)] },
      },
    ]);
  });

  it('lets seen up to a message swallow what was delivered up to there, in personal conversations too', async () => {
    const bench = open();
    bench.writer.delivered(1, 10, 'personal', 3);
    bench.writer.seenUpto(1, 10, 'personal', 3);
    bench.writer.delivered(1, 10, 'personal', 2);
    bench.writer.seenUpto(2, 10, 'personal', 4);
    bench.writer.delivered(2, 10, 'personal', 6);
    expect(bench.writer.pending).toBe(3);
    await bench.clock.advanceAsync(50);
    expect(bench.changes.map(brief)).toEqual([
      [1, 0, 3, 0, 3],
      [2, 0, 6, 0, 4],
    ]);
  });

  it('tells nothing of what moves nothing', async () => {
    const bench = open();
    bench.writer.delivered(1, 10, 'personal', 3);
    await bench.clock.advanceAsync(50);
    bench.writer.delivered(1, 10, 'personal', 2);
    bench.writer.delivered(1, 10, 'personal', 3);
    await bench.clock.advanceAsync(50);
    expect([bench.store.calls.length, bench.changes.length]).toEqual([2, 1]);
  });

  it('tells what was committed by a call that failed for us, once it is made again', async () => {
    const bench = open();
    bench.store.steps.push('unknown_applied');
    bench.writer.delivered(1, 10, 'personal', 3);
    bench.writer.seen(2, 10, [7]);
    await bench.clock.advanceAsync(50);
    expect([bench.store.status(1, 10).deliveredSeq, bench.changes]).toEqual([3, []]);
    bench.writer.delivered(1, 10, 'personal', 4);
    await bench.clock.advanceAsync(100);
    expect(bench.store.calls[1]?.again).toBe(true);
    expect(bench.changes.map(brief)).toEqual([
      [1, 0, 4, 0, 0],
      [2, 0, 0, 0, 0],
    ]);
    expect(bench.changes[1]?.seenMessageIds).toEqual([scriptedMessageId(10, 7)]);
    bench.writer.delivered(1, 10, 'personal', 5);
    await bench.clock.advanceAsync(50);
    expect(bench.store.calls[2]).not.toHaveProperty('again');
    expect(brief(bench.changes[2] as StatusChange)).toEqual([1, 4, 5, 0, 0]);
  });

  it('also when what takes the place of the receipt comes meanwhile', async () => {
    for (const later of ['delivered', 'seenUpto', 'seenUpto before'] as const) {
      const bench = open();
      bench.store.steps.push('unknown_applied');
      const release = bench.store.hold();
      bench.writer.delivered(1, 10, 'personal', 3);
      await bench.clock.advanceAsync(50);
      if (later === 'seenUpto before') bench.writer.seenUpto(1, 10, 'personal', 3);
      release();
      await bench.clock.settle();
      if (later === 'seenUpto') bench.writer.seenUpto(1, 10, 'personal', 3);
      if (later === 'delivered') bench.writer.delivered(1, 10, 'personal', 4);
      await bench.clock.advanceAsync(100);
      expect(bench.store.calls[1]?.again).toBe(true);
      expect(bench.changes.map(brief)).toEqual([later === 'delivered' ? [1, 0, 4, 0, 0] : [1, 0, 3, 0, 3]]);
    }
  });

  it('does not call again what was not committed for a repeat', async () => {
    const bench = open();
    bench.store.steps.push('fail');
    bench.writer.delivered(1, 10, 'personal', 3);
    await bench.clock.advanceAsync(150);
    expect(bench.store.calls).toHaveLength(2);
    expect(bench.store.calls[1]).not.toHaveProperty('again');
    expect(bench.changes.map(brief)).toEqual([[1, 0, 3, 0, 0]]);
  });

  it('goes on when the one who is told throws', async () => {
    const bench = open();
    bench.onChanged = () => {
      throw new TypeError('a bug');
    };
    bench.writer.delivered(1, 10, 'personal', 3);
    await bench.clock.advanceAsync(50);
    bench.writer.delivered(1, 10, 'personal', 4);
    await bench.clock.advanceAsync(50);
    expect(bench.store.calls).toHaveLength(2);
    expect([bench.writer.pending, bench.rowsWritten]).toEqual([0, 2]);
    expect(bench.logged).toEqual(Array(2).fill('error: changed statuses could not be told'));
  });

  it('tells nobody after stop', async () => {
    const bench = open();
    const release = bench.store.hold();
    bench.writer.delivered(1, 10, 'personal', 3);
    await bench.clock.advanceAsync(50);
    bench.writer.stop();
    release();
    await bench.clock.settle();
    expect(bench.changes).toEqual([]);
  });
});
