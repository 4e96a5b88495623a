import type { Clock } from './ports/clock.ts';

/** At most `max` takings in any window of `windowMs`. Allocates nothing after it was made: a ring of the last `max` times. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #windowMs: number;
  /** Times of the last takings; the oldest is at `#next`. */
  readonly #takenAtMs: Float64Array;
  #next = 0;

  constructor(clock: Clock, max: number, windowMs: number) {
    this.#clock = clock;
    this.#windowMs = windowMs;
    this.#takenAtMs = new Float64Array(max).fill(Number.NEGATIVE_INFINITY);
  }

  /** Takes one and returns 0; or takes nothing and returns in how many ms (at least 1) one can be taken. */
  take(): number {
    const nowMs = this.#clock.nowMs();
    const freeAtMs = (this.#takenAtMs[this.#next] ?? Number.NEGATIVE_INFINITY) + this.#windowMs;
    if (freeAtMs > nowMs) return Math.max(1, Math.ceil(freeAtMs - nowMs));
    this.#takenAtMs[this.#next] = nowMs;
    this.#next = (this.#next + 1) % this.#takenAtMs.length;
    return 0;
  }
}
