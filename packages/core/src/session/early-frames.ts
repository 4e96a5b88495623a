/** Frames that a client sends before its sign-in is through, in their order. Bounded in number and size: a client that sends more has to go. */
export class EarlyFrames {
  readonly #max: { readonly maxEarlyFrames: number; readonly maxEarlyBytes: number };
  readonly #frames: string[] = [];
  #bytes = 0;

  constructor(max: { readonly maxEarlyFrames: number; readonly maxEarlyBytes: number }) {
    this.#max = max;
  }

  /** @returns false when it does not fit */
  keep(text: string): boolean {
    this.#bytes += text.length;
    if (this.#frames.length >= this.#max.maxEarlyFrames || this.#bytes > this.#max.maxEarlyBytes) return false;
    this.#frames.push(text);
    return true;
  }

  get all(): readonly string[] {
    return this.#frames;
  }
}
