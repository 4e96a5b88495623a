import type { Clock } from '../ports/clock.ts';

/** How long the calls of a scripted store take, and how many are under way at a time. */
export abstract class ScriptedCalls {
  /** How long a call takes; 0 answers without a timer. */
  latencyMs: () => number = () => 0;
  maxRunning = 0;
  #running = 0;
  readonly #clock: Clock;
  #gate: Promise<void> | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls that begin from now on wait for the returned function to be called. */
  hold(): () => void {
    let open = (): void => {};
    this.#gate = new Promise((resolve) => {
      open = resolve;
    });
    return () => {
      this.#gate = null;
      open();
    };
  }

  /** One call: `finish` is its end. */
  protected async run<T>(finish: () => T): Promise<T> {
    this.#running += 1;
    this.maxRunning = Math.max(this.maxRunning, this.#running);
    try {
      if (this.#gate !== null) await this.#gate;
      const latencyMs = this.latencyMs();
      if (latencyMs > 0) await new Promise<void>((resolve) => void this.#clock.after(latencyMs, resolve));
      return finish();
    } finally {
      this.#running -= 1;
    }
  }
}
