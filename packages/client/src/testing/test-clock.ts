/** Time for the test server. A fake one makes whole minutes pass at once. */
export interface TestServerClock {
  /** Milliseconds, monotonic. */
  nowMs(): number;
  /** Microseconds since the epoch. */
  nowUs(): number;
  after(delayMs: number, fn: () => void): () => void;
  every(periodMs: number, fn: () => void): () => void;
  /** Runs `fn` after what has arrived in this turn of the event loop. */
  defer(fn: () => void): void;
}

/** The system's. */
export const realClock: TestServerClock = {
  nowMs: () => performance.now(),
  nowUs: () => Date.now() * 1000,
  after: (delayMs, fn) => {
    const timer = setTimeout(fn, delayMs);
    return () => clearTimeout(timer);
  },
  every: (periodMs, fn) => {
    // The node's sweeps keep no test running.
    const timer = setInterval(fn, periodMs).unref();
    return () => clearInterval(timer);
  },
  defer: (fn) => void setImmediate(fn),
};
