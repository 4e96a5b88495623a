import { StoreError } from './ports/message-store.ts';

interface Batch<Q, R> {
  readonly questions: Q[];
  readonly answers: Promise<readonly R[]>;
}

/**
 * Puts questions that come while one batch is being answered into the next: alone a question goes out at once, in a storm one call answers many. No timer.
 * A batch that fails fails for all that asked in it. When it fails because the store is away (a `StoreError` that is retryable), also for all that wait behind
 * it: they would wait for the same, one after the other, long after those who asked have gone. So what waits is what came within one call of bounded time.
 */
export class Coalescer<Q, R> {
  readonly #max: number;
  readonly #answer: (questions: readonly Q[]) => Promise<readonly R[]>;
  #next: Batch<Q, R> | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #opened = 0;
  /** The batches up to this one, by number, fail with `error`. */
  #away: { readonly upto: number; readonly error: StoreError } | null = null;

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
    const number = ++this.#opened;
    const answers = this.#last.then(async () => {
      // From here on the batch is closed: what is asked now must be answered from a read that begins later.
      if (this.#next?.questions === questions) this.#next = null;
      if (this.#away !== null && number <= this.#away.upto) throw this.#away.error;
      try {
        return await this.#answer(questions);
      } catch (error) {
        if (error instanceof StoreError && error.retryable) this.#away = { upto: this.#opened, error };
        throw error;
      }
    });
    this.#last = answers.catch(() => undefined);
    return { questions, answers };
  }
}
