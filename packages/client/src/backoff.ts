/** Full jitter: a random delay below a bound that doubles, so that clients that were cut off together do not come back together. */
export class Backoff {
  readonly #baseMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #failures = 0;

  constructor(baseMs: number, maxMs: number, random: () => number) {
    this.#baseMs = baseMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  get failures(): number {
    return this.#failures;
  }

  /** In milliseconds, at least `atLeastMs`. */
  next(atLeastMs = 0): number {
    const bound = Math.min(this.#maxMs, this.#baseMs * 2 ** this.#failures);
    this.#failures += 1;
    return atLeastMs + this.#random() * bound;
  }

  reset(): void {
    this.#failures = 0;
  }
}
