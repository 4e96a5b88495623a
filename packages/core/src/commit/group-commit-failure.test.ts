import { describe, expect, it } from 'vitest';
import { CommitBench } from '../testing/commit-bench.ts';

const UNAVAILABLE = { kind: 'refused', error: 'store_unavailable' };
const INTERNAL = { kind: 'refused', error: 'internal' };
const UNKNOWN = { kind: 'unknown' };

describe('a store that fails', () => {
  it('makes the same call again after a pause when a flush fails once', async () => {
    const bench = new CommitBench();
    bench.store.steps.push('fail');
    bench.send('a b');
    await bench.clock.settle();
    bench.send('c');
    await bench.clock.settle();
    expect(bench.calls).toEqual(['a b']);
    expect(bench.clock.pendingTimers).toBe(1);
    await bench.clock.advanceAsync(20);
    expect(bench.calls).toEqual(['a b', 'a b', 'c']);
    expect(bench.stored()).toBe('a b c');
    expect(bench.retried).toEqual(['not_committed']);
  });

  it('refuses with store_unavailable after retryForMs, in order, and backs off meanwhile', async () => {
    const bench = new CommitBench();
    bench.store.step = () => 'fail';
    bench.send('a b c d e f');
    await bench.clock.advanceAsync(28_900);
    expect(bench.outcomes.size).toBe(0);
    const calls = bench.calls.length;
    expect(new Set(bench.calls)).toEqual(new Set(['a b c d']));
    expect(calls).toBeGreaterThan(30);
    expect(calls).toBeLessThan(60);
    await bench.clock.advanceAsync(1_100);
    expect([...bench.outcomes.entries()]).toEqual([...'abcdef'].map((id) => [id, UNAVAILABLE]));
    expect(bench.store.messages).toEqual([]);
    expect(bench.commit.queuedRows).toBe(0);
    await bench.clock.advanceAsync(10_000);
    expect(bench.clock.pendingTimers).toBe(0);

    bench.store.step = () => 'ok';
    bench.send('g');
    await bench.clock.advanceAsync(1_000);
    expect(bench.stored()).toBe('g');
  });

  it('gives each send its own time, however many batches wait behind a store that is away', async () => {
    const bench = new CommitBench({ maxBatchRows: 2 });
    bench.store.step = () => 'fail';
    const settledAtMs = new Map<string, number>();
    bench.onSettle = (id) => void settledAtMs.set(id, bench.clock.nowMs());
    for (let second = 0; second < 40; second += 1) {
      bench.send(`${second}`);
      await bench.clock.advanceAsync(1_000);
    }
    await bench.clock.advanceAsync(31_000);
    expect(bench.outcomes.size).toBe(40);
    for (const [id, atMs] of settledAtMs) {
      expect(bench.outcomes.get(id)).toEqual(UNAVAILABLE);
      expect(atMs - Number(id) * 1_000).toBeGreaterThan(28_000);
      expect(atMs - Number(id) * 1_000).toBeLessThanOrEqual(30_000);
    }
    expect([...settledAtMs.keys()]).toEqual(Array.from({ length: 40 }, (_, i) => `${i}`));
    expect(bench.calls.length).toBeLessThan(200);
  });

  it('does not let one lane wait for another', async () => {
    const bench = new CommitBench();
    bench.store.step = (rows) => (rows.some((row) => row.conversationId === 1) ? 'fail' : 'ok');
    bench.send('a');
    for (let id = 2; id < 40; id += 1) bench.send(`other-${id}`, { conversationId: id, body: '' });
    await bench.clock.settle();
    expect(bench.outcomes.size).toBeGreaterThan(10);
    expect(bench.outcomes.get('a')).toBeUndefined();
  });

  it('refuses a poison row alone, in order, and commits those before and behind it', async () => {
    const bench = new CommitBench({ maxBatchRows: 8 });
    bench.store.poison = (row) => row.clientId === 'c' || row.clientId === 'g';
    bench.send('a b c d e f g h');
    await bench.clock.settle();
    expect(bench.events.filter((event) => event.startsWith('settle')).map((event) => event.slice(7))).toEqual([
      'a stored',
      'b stored',
      'c internal',
      'd stored',
      'e stored',
      'f stored',
      'g internal',
      'h stored',
    ]);
    expect([...bench.outcomes.entries()].filter(([, outcome]) => outcome.kind === 'refused')).toEqual([
      ['c', INTERNAL],
      ['g', INTERNAL],
    ]);
    expect(bench.stored()).toBe('a b d e f h');
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('finds one poison row among 128 in a few calls', async () => {
    const bench = new CommitBench({ maxBatchRows: 128, maxLaneRows: 128, maxBatchBytes: 100_000 });
    bench.store.poison = (row) => row.clientId === '77';
    bench.send(Array.from({ length: 128 }, (_, i) => `${i}`).join(' '));
    await bench.clock.settle();
    expect(bench.store.messages).toHaveLength(127);
    expect(bench.outcomes.get('77')).toEqual(INTERNAL);
    expect(bench.calls.length).toBeLessThan(32);
  });

  it('refuses all rows one by one when none can ever be committed', async () => {
    const bench = new CommitBench();
    bench.store.step = () => 'fatal';
    bench.send('a b c d');
    await bench.clock.settle();
    expect([...bench.outcomes.values()]).toEqual([INTERNAL, INTERNAL, INTERNAL, INTERNAL]);
    expect(bench.calls.length).toBeLessThan(8);
  });
});

describe('a commit whose outcome is unknown (G1, G2)', () => {
  for (const step of ['unknown_committed', 'unknown_lost', 'unknown_late'] as const) {
    it(`makes the very same call again, publishes once and tells the sends their numbers: ${step}`, async () => {
      const bench = new CommitBench();
      bench.store.steps.push(step);
      bench.send('a b');
      await bench.clock.settle();
      bench.send('c d e');
      expect(bench.outcomes.size).toBe(0);
      await bench.clock.advanceAsync(20);
      expect(bench.calls).toEqual(['a b', 'a b', 'c d e']);
      expect(bench.events.slice(0, 3)).toEqual(['publish a=1 b=2', 'settle a stored', 'settle b stored']);
      expect(bench.stored()).toBe('a b c d e');
      expect(bench.committed).toEqual([2, 3]);
      expect(bench.retried).toEqual(['unknown']);
    });
  }

  it('settles as unknown when no call says in time what became of it, and goes on with the next', async () => {
    const bench = new CommitBench();
    bench.store.steps.push('unknown_late');
    bench.store.step = () => 'fail';
    bench.send('a b');
    await bench.clock.advanceAsync(10_000);
    bench.send('c');
    await bench.clock.advanceAsync(18_900);
    expect(bench.outcomes.size).toBe(0);
    await bench.clock.advanceAsync(1_100);
    expect([...bench.outcomes.values()]).toEqual([UNKNOWN, UNKNOWN]);
    bench.store.step = () => 'ok';
    await bench.clock.advanceAsync(1_000);
    expect(bench.outcomes.get('c')).toMatchObject({ kind: 'stored', seq: 3 });
    expect(bench.stored()).toBe('a b c');
  });

  it('gives a send in doubt the whole time from the doubt on, and does not refuse it', async () => {
    const bench = new CommitBench();
    bench.store.step = () => (bench.clock.nowMs() < 25_000 ? 'fail' : 'unknown_lost');
    bench.send('a');
    await bench.clock.advanceAsync(54_000);
    expect(bench.outcomes.size).toBe(0);
    await bench.clock.advanceAsync(3_000);
    expect(bench.outcomes.get('a')).toEqual(UNKNOWN);
  });

  it('never refuses a row in doubt: one that turns out to be poison is unknown, its neighbours are stored', async () => {
    const bench = new CommitBench();
    bench.store.steps.push('unknown_lost');
    bench.send('a b c d');
    await bench.clock.settle();
    bench.store.poison = (row) => row.clientId === 'b';
    await bench.clock.advanceAsync(1_000);
    expect(bench.events.filter((event) => event.startsWith('settle')).map((event) => event.slice(7))).toEqual([
      'a stored',
      'b unknown',
      'c stored',
      'd stored',
    ]);
  });

  it('never puts rows in doubt and others into one call', async () => {
    const bench = new CommitBench();
    bench.store.steps.push('fatal', 'unknown_lost', 'fatal');
    bench.send('a b c d');
    await bench.clock.advanceAsync(1_000);
    expect(bench.calls).toEqual(['a b c d', 'a b', 'a b', 'a', 'b', 'c d']);
    expect(bench.stored()).toBe('a b c d');
  });

  it('takes an error that is no StoreError as unknown, and does not let it hold up the lane', async () => {
    for (const step of ['throw', 'throw_now'] as const) {
      const bench = new CommitBench();
      bench.store.step = (rows) => (rows.some((row) => row.clientId === 'b') ? step : 'ok');
      bench.send('a b c');
      await bench.clock.settle();
      expect([...bench.outcomes.values()].map((outcome) => outcome.kind)).toEqual(['stored', 'unknown', 'stored']);
      expect(bench.events.filter((event) => event.startsWith('publish'))).toEqual(['publish a=1', 'publish c=2']);
    }
  });

  it('takes a wrong number of results as unknown', async () => {
    const bench = new CommitBench({}, { append: async () => ({ kind: 'committed', results: [] }) });
    bench.send('a b');
    await bench.clock.settle();
    expect([...bench.outcomes.values()]).toEqual([UNKNOWN, UNKNOWN]);
    expect(bench.events).toEqual(['settle a unknown', 'settle b unknown']);
  });
});
