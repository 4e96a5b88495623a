export type CancelTimer = () => void;

/** Time, injected. Real: `systemClock` of the edge; tests: `FakeClock`. Never throws. */
export interface Clock {
  /** Milliseconds, monotonic; only differences mean anything. */
  nowMs(): number;
  /** Microseconds since the epoch, UTC. */
  nowUs(): number;
  /** Runs `fn` once after `delayMs`; the returned function cancels it and may be called at any time. */
  after(delayMs: number, fn: () => void): CancelTimer;
  /** Runs `fn` every `periodMs` until cancelled. */
  every(periodMs: number, fn: () => void): CancelTimer;
  /** Runs `fn` after the I/O events of this turn of the event loop: what arrives together is batched together. */
  defer(fn: () => void): void;
}
