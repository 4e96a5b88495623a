import type { Clock } from '@parley/core';

export const realClock: Clock = {
  nowMs: () => performance.now(),
  nowUs: () => Date.now() * 1_000,
  after(delayMs, fn) {
    const timer = setTimeout(fn, delayMs);
    return () => clearTimeout(timer);
  },
  every(periodMs, fn) {
    const timer = setInterval(fn, periodMs);
    return () => clearInterval(timer);
  },
  defer: (fn) => void setImmediate(fn),
};
