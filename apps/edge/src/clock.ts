import type { Clock } from '@parley/core';

/** Above this the wall clock has been set, and what `performance` counts from is set anew. */
const MAX_DRIFT_US = 500_000;
let offsetUs = performance.timeOrigin * 1000;

/**
 * Real time. The wall clock has microseconds, which `Date` has not: the monotonic clock gives the digits, `Date` keeps it honest when the
 * system's time is set. Timers keep the process alive: a node has its sockets for that, and a drain must not end in the middle.
 */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  nowUs() {
    const us = Math.floor(offsetUs + performance.now() * 1000);
    const dateUs = Date.now() * 1000;
    if (Math.abs(us - dateUs) <= MAX_DRIFT_US) return us;
    offsetUs += dateUs - us;
    return dateUs;
  },
  after(delayMs, fn) {
    const timer = setTimeout(fn, delayMs);
    return () => clearTimeout(timer);
  },
  every(periodMs, fn) {
    // A sweep alone is no reason to go on.
    const timer = setInterval(fn, periodMs).unref();
    return () => clearInterval(timer);
  },
  defer(fn) {
    setImmediate(fn);
  },
};
