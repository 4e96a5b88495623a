interface Batch<Q, R> {
  readonly questions: Q[];
  readonly answers: Promise<readonly R[]>;
}

/**
 * Puts questions that come while one batch is being answered into the next: alone a question goes out at once, in a storm one call answers many. No timer.
 * A batch that fails fails for all that asked in it. Bounded by its callers, `max` questions per call.
 */
export class Coalescer<Q, R> {
  readonly #max: number;
  readonly #answer: (questions: readonly Q[]) => Promise<readonly R[]>;
  #next: Batch<Q, R> | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** @param answer gives one answer per question, in their order */
  constructor(max: number, answer: (questions: readonly Q[]) => Promise<readonly R[]>) {
    this.#max = max;
    this.#answer = answer;
  }

  async ask(question: Q): Promise<R> {
    if (this.#next === null || this.#next.questions.length >= this.#max) this.#next = this.#open();
    const batch = this.#next;
    const at = batch.questions.push(question) - 1;
    return (await batch.answers)[at] as R;
  }

  #open(): Batch<Q, R> {
    const questions: Q[] = [];
    const answers = this.#last.then(() => {
      // From here on the batch is closed: what is asked now must be answered from a read that begins later.
      if (this.#next?.questions === questions) this.#next = null;
      return this.#answer(questions);
    });
    this.#last = answers.catch(() => undefined);
    return { questions, answers };
  }
}
