import { Counter, type Registry } from 'prom-client';

/**
 * A counter for the hot path: counting is an addition, and prom-client, which sorts and hashes labels on each call, is told when somebody
 * looks. Labels come from bounded sets only.
 */
export class Tally {
  #total = 0;

  constructor(registry: Registry, name: string, help: string) {
    const total = (): number => this.#total;
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(total());
      },
    });
  }

  add(count: number): void {
    this.#total += count;
  }
}

export class LabelledTally {
  readonly #counts = new Map<string, number>();

  /** @param known label values that are there from the start: the rise of a series from nothing is invisible to a rate */
  constructor(registry: Registry, name: string, help: string, label: string, known: readonly string[] = []) {
    for (const value of known) this.#counts.set(value, 0);
    const counts = this.#counts;
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset();
        for (const [value, count] of counts) this.inc({ [label]: value }, count);
      },
    });
  }

  add(value: string, count = 1): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + count);
  }
}
