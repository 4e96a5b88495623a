import type { Clock } from '../ports/clock.ts';
import type { Random } from './random.ts';

/**
 * What is under way in a seeded network, in lanes: within a lane first in, first out; between lanes the seed decides. Without
 * `maxDelayMs` nothing happens until `step` or `flush`; with it each action also gets a random time on the clock.
 */
export class SeededSchedule {
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #maxDelayMs: number | undefined;
  readonly #lanes = new Map<string, (() => void)[]>();
  #alone = 0;

  constructor(random: Random, clock: Clock, maxDelayMs: number | undefined) {
    this.#random = random;
    this.#clock = clock;
    this.#maxDelayMs = maxDelayMs;
  }

  /** @param lane null: this action keeps no order with any other. */
  enqueue(lane: string | null, action: () => void): void {
    this.#alone += 1;
    const name = lane ?? `alone ${this.#alone}`;
    const queue = this.#lanes.get(name);
    if (queue === undefined) this.#lanes.set(name, [action]);
    else queue.push(action);
    if (this.#maxDelayMs !== undefined) {
      this.#clock.after(this.#random.next() * this.#maxDelayMs, () => this.#run(name));
    }
  }

  /** Runs one action of a random lane; false when there is none. */
  step(): boolean {
    if (this.#lanes.size === 0) return false;
    this.#run(this.#random.pick([...this.#lanes.keys()]));
    return true;
  }

  /** Steps until nothing is under way and promises that settle bring nothing new (at most `maxSteps`). */
  async flush(maxSteps = 1_000_000): Promise<void> {
    for (let steps = 0; steps < maxSteps; steps += 1) {
      if (this.step()) continue;
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#lanes.size === 0) return;
    }
    throw new Error(`more than ${maxSteps} steps: the network does not come to rest`);
  }

  get idle(): boolean {
    return this.#lanes.size === 0;
  }

  #run(lane: string): void {
    const queue = this.#lanes.get(lane);
    const action = queue?.shift();
    if (queue?.length === 0) this.#lanes.delete(lane);
    action?.();
  }
}
