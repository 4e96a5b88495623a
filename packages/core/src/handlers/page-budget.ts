/** Of texts in one answer, as JSON: the frame must fit what a socket may buffer, beside live frames. One body is at most six times its 65,535 bytes. */
const MAX_ANSWER_BYTES = 262_144;
/** Texts may be long: so many entries are read before it is known. */
const FIRST_READ = 50;

/** How much of a page with texts in it still fits into one answer. */
export class PageBudget {
  readonly #limit: number;
  #taken = 0;
  #bytes = 0;
  #full = false;

  /** @param limit entries that the client asked for */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many to read next; 0 when the answer is full. As many as fit if they are like those before. */
  get next(): number {
    const left = this.#limit - this.#taken;
    if (this.#full || left <= 0) return 0;
    if (this.#taken === 0) return Math.min(left, FIRST_READ);
    const average = Math.max(1, this.#bytes / this.#taken);
    return Math.min(left, Math.max(1, Math.floor((MAX_ANSWER_BYTES - this.#bytes) / average)));
  }

  /** Counts one entry in, with its texts. The first one always fits. @returns false when it does not fit: the answer ends before it */
  take(...texts: readonly string[]): boolean {
    let bytes = 0;
    for (const text of texts) bytes += Buffer.byteLength(JSON.stringify(text), 'utf8');
    if (this.#full || (this.#taken > 0 && this.#bytes + bytes > MAX_ANSWER_BYTES)) {
      this.#full = true;
      return false;
    }
    this.#taken++;
    this.#bytes += bytes;
    return true;
  }
}
