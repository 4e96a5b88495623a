import { describe, expect, it } from 'vitest';
import { CommitBench } from '../testing/commit-bench.ts';

const OVERLOADED = { kind: 'refused', error: 'overloaded' };
const DRAINING = { kind: 'refused', error: 'draining' };
const NOT_A_MEMBER = { kind: 'refused', error: 'not_a_member' };
const UNAVAILABLE = { kind: 'refused', error: 'store_unavailable' };

const settles = (bench: CommitBench): string[] =>
  bench.events.filter((event) => event.startsWith('settle')).map((event) => event.slice(7));

describe('bounds (G8)', () => {
  it('refuses what is over the rows of a lane, at the end of the tick, and disturbs no other send or lane', async () => {
    const bench = new CommitBench({ maxLaneRows: 5 });
    const open = bench.store.hold();
    bench.send('a b c');
    await bench.clock.settle();
    bench.send('d e f');
    for (let id = 2; id < 10; id += 1) bench.send(`other-${id}`, { conversationId: id });
    expect(bench.outcomes.size).toBe(0);
    bench.clock.tick();
    expect(bench.outcomes.get('f')).toEqual(OVERLOADED);
    open();
    await bench.clock.settle();
    expect(bench.stored()).toBe('a b c d e');
    expect([...bench.outcomes.values()].filter((outcome) => outcome.kind === 'stored').length).toBeGreaterThan(6);
    bench.send('g');
    await bench.clock.settle();
    expect(bench.outcomes.get('g')).toMatchObject({ kind: 'stored', seq: 6 });
  });

  it('refuses what is over the bytes of a lane, but takes any single row when the lane is empty', async () => {
    const bench = new CommitBench({ maxLaneBytes: 100 });
    bench.send('a', { body: 'x'.repeat(200) });
    bench.send('b', { body: 'x' });
    await bench.clock.settle();
    expect(bench.outcomes.get('a')).toMatchObject({ kind: 'stored' });
    expect(bench.outcomes.get('b')).toEqual(OVERLOADED);
    bench.send('c d', { body: 'x'.repeat(50) });
    bench.send('e', { body: 'x' });
    await bench.clock.settle();
    expect(settles(bench).slice(2)).toEqual(['e overloaded', 'c stored', 'd stored']);
    expect(bench.commit.queuedRows).toBe(0);
  });

  it('gives room back whatever becomes of the rows', async () => {
    const bench = new CommitBench({ maxLaneRows: 4, maxLaneBytes: 40, retryForMs: 100 });
    const body = 'x'.repeat(10);
    for (const step of ['fail', 'fatal', 'throw', 'unknown_lost', 'unknown_committed', 'ok'] as const) {
      bench.store.step = () => step;
      bench.send(`${step}-1 ${step}-2 ${step}-3 ${step}-4 ${step}-5`, { body });
      await bench.clock.advanceAsync(5_000);
      const kinds = ['1', '2', '3', '4', '5'].map((n) => bench.outcomes.get(`${step}-${n}`));
      expect(kinds.filter((outcome) => outcome?.kind === 'refused' && outcome.error === 'overloaded')).toHaveLength(1);
      expect(kinds).not.toContain(undefined);
      expect(bench.commit.queuedRows).toBe(0);
    }
  });
});

describe('drain (G10)', () => {
  it('refuses new sends and resolves once all that were accepted are settled', async () => {
    const bench = new CommitBench();
    const open = bench.store.hold();
    bench.send('a b c d e');
    await bench.clock.settle();
    let drained = false;
    void bench.commit.drain().then(() => {
      drained = true;
    });
    bench.send('late');
    await bench.clock.settle();
    expect(bench.outcomes.get('late')).toEqual(DRAINING);
    expect(drained).toBe(false);
    open();
    await bench.clock.settle();
    expect(drained).toBe(true);
    expect(bench.stored()).toBe('a b c d e');
    await bench.commit.drain();
  });

  it('resolves at once when nothing is under way, and not before sends of this very tick', async () => {
    const idle = new CommitBench();
    await idle.commit.drain();
    const bench = new CommitBench();
    bench.send('a');
    const drained = bench.commit.drain();
    await bench.clock.settle();
    await drained;
    expect(bench.outcomes.get('a')).toMatchObject({ kind: 'stored' });
  });

  it('goes on trying while the store is away', async () => {
    const bench = new CommitBench();
    bench.store.steps.push('fail', 'unknown_committed', 'fail');
    bench.send('a');
    const drained = bench.commit.drain();
    await bench.clock.advanceAsync(1_000);
    await drained;
    expect(settles(bench)).toEqual(['a stored']);
  });
});

describe('stale memberships (G7)', () => {
  it('goes on with the new version in the same order, asking once per member, without those who left', async () => {
    const bench = new CommitBench({ maxBatchRows: 8 });
    bench.store.membersVersions.set(1, 2);
    bench.standingOf = async (userId, conversationId) => {
      bench.asked.push(`${userId}:${conversationId}`);
      return userId === 8 ? 'not_a_member' : 2;
    };
    bench.send('a b');
    bench.send('gone', { senderId: 8 });
    bench.send('c', { senderId: 9 });
    bench.send('gone-too', { senderId: 8 });
    await bench.clock.settle();
    expect(settles(bench)).toEqual(['a stored', 'b stored', 'gone not_a_member', 'c stored', 'gone-too not_a_member']);
    expect(bench.outcomes.get('gone')).toEqual(NOT_A_MEMBER);
    expect(bench.stored()).toBe('a b c');
    expect(new Set(bench.asked)).toEqual(new Set(['7:1', '8:1', '9:1']));
    expect(bench.asked).toHaveLength(3);
    expect(bench.retried).toEqual([]);
  });

  it('refuses the rows of a sender for the reason that the store gives', async () => {
    const bench = new CommitBench({ maxBatchRows: 8 });
    bench.store.membersVersions.set(1, 2);
    bench.standingOf = async (userId) => (userId === 8 ? 'blocked' : 2);
    bench.send('a');
    bench.send('unwelcome', { senderId: 8 });
    bench.send('b');
    await bench.clock.settle();
    expect(settles(bench)).toEqual(['a stored', 'unwelcome blocked', 'b stored']);
    expect(bench.stored()).toBe('a b');
  });

  it('leaves conversations that are not stale alone', async () => {
    const bench = new CommitBench({ lanes: 1 });
    bench.store.membersVersions.set(1, 2);
    bench.send('a');
    bench.send('other', { conversationId: 2 });
    bench.send('b');
    await bench.clock.settle();
    expect(settles(bench)).toEqual(['a stored', 'other stored', 'b stored']);
    expect(bench.asked).toEqual(['7:1']);
    expect(bench.calls).toEqual(['a other b', 'a other b']);
  });

  it('tries again when the membership cannot be read, then refuses with store_unavailable', async () => {
    const bench = new CommitBench();
    bench.store.membersVersions.set(1, 2);
    const read = bench.standingOf;
    bench.standingOf = async () => {
      throw new Error('no connection');
    };
    bench.send('a');
    await bench.clock.advanceAsync(500);
    expect(bench.outcomes.size).toBe(0);
    bench.standingOf = read;
    await bench.clock.advanceAsync(1_000);
    expect(settles(bench)).toEqual(['a stored']);

    bench.standingOf = async () => {
      throw new Error('no connection');
    };
    bench.store.membersVersions.set(1, 3);
    bench.send('b', { membersVersion: 2 });
    await bench.clock.advanceAsync(31_000);
    expect(bench.outcomes.get('b')).toEqual(UNAVAILABLE);
  });

  it('gives up on a conversation whose version never fits, and only on that', async () => {
    const bench = new CommitBench({ lanes: 1 });
    bench.store.membersVersions.set(1, 2);
    bench.standingOf = async () => 1;
    bench.send('a');
    bench.send('other', { conversationId: 2 });
    bench.send('b');
    await bench.clock.advanceAsync(10_000);
    expect(settles(bench)).toEqual(['a store_unavailable', 'other stored', 'b store_unavailable']);
    expect(bench.calls.length).toBeLessThan(10);
  });

  it('does not go round for ever when the store names no conversation of the call', async () => {
    const bench = new CommitBench({}, { append: async () => ({ kind: 'stale', conversationIds: new Set([99]) }) });
    bench.send('a b');
    await bench.clock.settle();
    expect(settles(bench)).toEqual(['a internal', 'b internal']);
  });

  it('does not refuse a row in doubt whose sender has left since: it is unknown', async () => {
    const bench = new CommitBench();
    bench.store.steps.push('unknown_committed');
    bench.send('a');
    bench.send('b', { senderId: 8 });
    bench.send('c');
    await bench.clock.settle();
    bench.store.membersVersions.set(1, 2);
    bench.standingOf = async (userId) => (userId === 8 ? 'not_a_member' : 2);
    await bench.clock.advanceAsync(1_000);
    expect(settles(bench)).toEqual(['a stored', 'b unknown', 'c stored']);
    expect(bench.events.filter((event) => event.startsWith('publish'))).toEqual(['publish a=1', 'publish c=3']);
  });
});
