import type { CancelTimer, Clock } from '../ports/clock.ts';

interface Timer {
  readonly order: number;
  readonly periodMs: number | null;
  readonly fn: () => void;
  dueMs: number;
}

/** A bound on the timers that one `advance` runs: a timer of no delay that sets itself again would never end. */
const MAX_TIMERS_PER_ADVANCE = 1_000_000;

/**
 * The `Clock` of tests: time stands still until `advance`, and deferred work waits until `tick`.
 * Timers run in order of their due time, those of the same time in the order they were set; while one runs, `nowMs()` is its due time.
 * A timer set by a timer runs in the same `advance` when its time is reached. Errors of a timer go through to the caller of `advance`.
 */
export class FakeClock implements Clock {
  readonly #epochUs: number;
  readonly #timers = new Set<Timer>();
  #nowMs = 0;
  #order = 0;
  #deferred: (() => void)[] = [];

  /** @param epochUs wall clock at `nowMs() === 0`; the default is 2020-08-25 11:53:30 UTC. */
  constructor(epochUs = 1_598_356_410_000_000) {
    this.#epochUs = epochUs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  nowUs(): number {
    return this.#epochUs + Math.round(this.#nowMs * 1000);
  }

  after(delayMs: number, fn: () => void): CancelTimer {
    return this.#add(Math.max(0, delayMs), null, fn);
  }

  every(periodMs: number, fn: () => void): CancelTimer {
    return this.#add(Math.max(1, periodMs), Math.max(1, periodMs), fn);
  }

  defer(fn: () => void): void {
    this.#deferred.push(fn);
  }

  /** Timers that are set and have not run: 0 when nothing leaks. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Deferred functions that have not run. */
  get pendingDeferred(): number {
    return this.#deferred.length;
  }

  /** Runs what was deferred before the call; what that defers waits for the next `tick`, as in an event loop. */
  tick(): void {
    const batch = this.#deferred;
    this.#deferred = [];
    for (const fn of batch) fn();
  }

  /** Moves time on by `ms` and runs every timer that falls due, in order. Promises settle only once the caller yields. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let ran = 0; ; ran += 1) {
      const timer = this.#next(endMs);
      if (timer === undefined) break;
      if (ran >= MAX_TIMERS_PER_ADVANCE) throw new Error(`more than ${MAX_TIMERS_PER_ADVANCE} timers in one advance`);
      this.#run(timer);
    }
    this.#nowMs = endMs;
  }

  /**
   * As `advance`, and after each timer runs what is deferred and lets promises settle, so that async work that waits for nothing but
   * this clock goes on in the order of a real one.
   */
  async advanceAsync(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await this.settle();
    for (let ran = 0; ; ran += 1) {
      const timer = this.#next(endMs);
      if (timer === undefined) break;
      if (ran >= MAX_TIMERS_PER_ADVANCE) throw new Error(`more than ${MAX_TIMERS_PER_ADVANCE} timers in one advance`);
      this.#run(timer);
      await this.settle();
    }
    this.#nowMs = endMs;
  }

  /** Runs deferred work and lets promises settle, until nothing is deferred (at most 1,000 rounds). Time stands still. */
  async settle(): Promise<void> {
    for (let round = 0; round < 1_000; round += 1) {
      this.tick();
      // Everything promises can do without I/O is done before a turn of the event loop ends.
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#deferred.length === 0) return;
    }
    throw new Error('deferred work did not come to an end');
  }

  #add(delayMs: number, periodMs: number | null, fn: () => void): CancelTimer {
    this.#order += 1;
    const timer: Timer = { order: this.#order, periodMs, fn, dueMs: this.#nowMs + delayMs };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  #next(endMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs > endMs) continue;
      if (next === undefined || timer.dueMs < next.dueMs || (timer.dueMs === next.dueMs && timer.order < next.order)) {
        next = timer;
      }
    }
    return next;
  }

  #run(timer: Timer): void {
    this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
    if (timer.periodMs === null) this.#timers.delete(timer);
    else timer.dueMs += timer.periodMs;
    timer.fn();
  }
}
