import { describe, expect, it } from 'vitest';
import { StreamCounters } from './stream-counters.ts';

const next = (counters: StreamCounters, target: string, nowMs: number): [number, number] => {
  const { stream, counter } = counters.next(target, nowMs);
  return [stream, counter];
};
const targets = (counters: StreamCounters, nowMs: number): string[] => counters.recent(nowMs).map(([target]) => target);

describe('StreamCounters', () => {
  it('counts each target from 1 on a stream of its own', () => {
    const counters = new StreamCounters();
    expect(next(counters, 'a', 0)).toEqual([1, 1]);
    expect(next(counters, 'b', 0)).toEqual([2, 1]);
    expect(next(counters, 'a', 0)).toEqual([1, 2]);
  });

  it('repeats a position for 10 s, and opens a new stream after 60 s without an envelope', () => {
    const counters = new StreamCounters();
    next(counters, 'a', 0);
    expect(counters.recent(10_000)).toMatchObject([['a', { stream: 1, counter: 1 }]]);
    expect(counters.recent(10_001)).toEqual([]);
    expect(next(counters, 'a', 59_000)).toEqual([1, 2]);
    counters.recent(119_001);
    expect(counters.size).toBe(0);
    expect(next(counters, 'a', 119_001)).toEqual([2, 1]);
  });

  it('G8 forgets the target that has been idle longest when there are too many', () => {
    const counters = new StreamCounters(2);
    next(counters, 'a', 1);
    next(counters, 'b', 2);
    next(counters, 'a', 3);
    next(counters, 'c', 4);
    expect(targets(counters, 4)).toEqual(['a', 'c']);
    expect(next(counters, 'b', 5)).toEqual([4, 1]);
  });
});
