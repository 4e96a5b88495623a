import type { CancelTimer, Clock } from '../ports/clock.ts';
import type { TimeUs } from '../types.ts';

/** A timer of the platform takes no longer delay than about 24 days. */
const MAX_TIMER_MS = 86_400_000;

/** Watches over the proof that a session was signed in with: asks for a new one in time, ends the session when none came. */
export class SessionExpiry {
  readonly #clock: Clock;
  readonly #aheadMs: number;
  readonly #onSoon: (expiresAtUs: TimeUs) => void;
  readonly #onExpired: () => void;
  #cancel: CancelTimer | null = null;

  /** @param aheadMs how long before the end `onSoon` is called; at half-life when that is shorter */
  constructor(clock: Clock, aheadMs: number, onSoon: (expiresAtUs: TimeUs) => void, onExpired: () => void) {
    this.#clock = clock;
    this.#aheadMs = aheadMs;
    this.#onSoon = onSoon;
    this.#onExpired = onExpired;
  }

  /** The proof holds until then; takes the place of an earlier one. */
  set(expiresAtUs: TimeUs): void {
    const leftMs = Math.max(0, (expiresAtUs - this.#clock.nowUs()) / 1_000);
    const soonAtUs = expiresAtUs - Math.min(this.#aheadMs, leftMs / 2) * 1_000;
    this.#at(soonAtUs, () => {
      this.#onSoon(expiresAtUs);
      this.#at(expiresAtUs, this.#onExpired);
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #at(timeUs: TimeUs, fn: () => void): void {
    this.stop();
    const delayMs = Math.max(0, Math.ceil((timeUs - this.#clock.nowUs()) / 1_000));
    this.#cancel = this.#clock.after(Math.min(delayMs, MAX_TIMER_MS), () => {
      this.#cancel = null;
      if (delayMs > MAX_TIMER_MS) this.#at(timeUs, fn);
      else fn();
    });
  }
}
