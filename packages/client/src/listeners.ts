/** Functions to be called at an event. One that throws stops nothing. */
export class Listeners<Args extends unknown[]> {
  readonly #all = new Set<(...args: Args) => void>();

  /** Returns a function that stops it. */
  add(listener: (...args: Args) => void): () => void {
    // Wrapped, so that the same function can be there twice and each stops its own.
    const own: typeof listener = (...args) => listener(...args);
    this.#all.add(own);
    return () => void this.#all.delete(own);
  }

  /** False: nobody listens. */
  call(onThrow: (error: unknown) => void, ...args: Args): boolean {
    for (const listener of [...this.#all]) {
      try {
        listener(...args);
      } catch (error) {
        onThrow(error);
      }
    }
    return this.#all.size > 0;
  }
}
