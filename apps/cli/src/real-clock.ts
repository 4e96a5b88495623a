import type { Clock } from '@parley/core';

/** The part of the clock that a terminal client needs. */
export const realClock: Pick<Clock, 'nowMs' | 'after' | 'every'> = {
  nowMs: () => performance.now(),
  after(delayMs, fn) {
    const timer = setTimeout(fn, delayMs);
    return () => clearTimeout(timer);
  },
  every(periodMs, fn) {
    const timer = setInterval(fn, periodMs);
    return () => clearInterval(timer);
  },
};
