import type { Clock } from '../ports/clock.ts';

/**
 * How long this node's bus has been in order. While it is away, and for some seconds after, the directory may lack what other nodes have not joined
 * again yet: what it does not say then proves nothing.
 */
export class BusCalm {
  readonly #clock: Clock;
  #down = false;
  #joinedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The bus was lost, or has a new incarnation that has joined nothing yet. */
  lost(): void {
    this.#down = true;
  }

  /** This node has joined its topics again. */
  joined(): void {
    this.#down = false;
    this.#joinedAtMs = this.#clock.nowMs();
  }

  /** Milliseconds; 0 while the bus is away, infinite when it never was. */
  forMs(): number {
    return this.#down ? 0 : this.#clock.nowMs() - this.#joinedAtMs;
  }
}
