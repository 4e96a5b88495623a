import type { CancelTimer, Clock } from '@parley/core';
import { fullJitterMs } from './backoff.ts';
import type { ServerFrame } from './server-frame.ts';

export type Answer = Extract<ServerFrame, { kind: 'ack' | 'ready' }>;

export type Outcome =
  | { readonly ok: true; readonly answer: Answer }
  /** Nothing was stored. */
  | { readonly ok: false; readonly reason: 'refused'; readonly message: string }
  /** The connection went before the answer came: stored or not, nobody here can tell. */
  | { readonly ok: false; readonly reason: 'unconfirmed' };

interface Request {
  readonly frame: string;
  readonly expects: Answer['kind'];
  readonly repeatable: boolean;
  readonly settle: (outcome: Outcome) => void;
  attempts: number;
}

export interface OutboxOptions {
  readonly clock: Pick<Clock, 'nowMs' | 'after'>;
  readonly random: () => number;
  readonly send: (frame: string) => boolean;
  /** An answer is overdue: the connection is of no use. */
  readonly onSilent: () => void;
}

const ANSWER_TIMEOUT_MS = 15_000;
const MAX_ATTEMPTS = 8;
/** An error this soon after a frame that has no answer may belong to that frame. */
const AMBIGUOUS_MS = 1_000;

/**
 * Stop and wait: the answers of the legacy protocol name no request, so at most one request is under way, and its answer is the next one that
 * comes. A request that the connection took down with it is made again when that is harmless, else it ends `unconfirmed`; one that got a
 * temporary error was not stored (L15) and is made again with backoff, at most 8 times.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #queue: Request[] = [];
  #current: Request | null = null;
  #cancel: CancelTimer | null = null;
  #up: boolean = false;
  #silentFrameAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Requests that have no outcome yet. The caller bounds it. */
  get size(): number {
    return this.#queue.length + (this.#current === null ? 0 : 1);
  }

  /** @param request `repeatable`: making it twice changes nothing more than making it once */
  submit(request: Pick<Request, 'frame' | 'expects' | 'repeatable'>): Promise<Outcome> {
    return new Promise((settle) => {
      this.#queue.push({ ...request, settle, attempts: 0 });
      this.#pump();
    });
  }

  /** Sends a frame that gets no answer (`seen`). @returns whether a live connection took it */
  sendSilent(frame: string): boolean {
    if (!this.#up || !this.#options.send(frame)) return false;
    this.#silentFrameAtMs = this.#options.clock.nowMs();
    return true;
  }

  onUp(): void {
    this.#up = true;
    this.#pump();
  }

  onDown(): void {
    this.#up = false;
    const request = this.#take();
    if (request === null) return;
    if (request.repeatable) this.#queue.unshift(request);
    else request.settle({ ok: false, reason: 'unconfirmed' });
  }

  /** @returns false when the answer belongs to no request */
  onAnswer(answer: Answer): boolean {
    if (this.#current === null || this.#current.expects !== answer.kind) return false;
    this.#take()?.settle({ ok: true, answer });
    this.#pump();
    return true;
  }

  /** @returns false when the error belongs to no request */
  onError(error: Extract<ServerFrame, { kind: 'error' }>): boolean {
    // Only a `seen` can be answered so.
    if (this.#current === null || error.name === 'unknown_message') return false;
    const ambiguous = this.#options.clock.nowMs() - this.#silentFrameAtMs < AMBIGUOUS_MS;
    const request = this.#take();
    if (request === null) return false;
    if (error.temporary && (request.repeatable || !ambiguous) && request.attempts < MAX_ATTEMPTS) {
      this.#queue.unshift(request);
      const delayMs = fullJitterMs(request.attempts, this.#options.random());
      this.#cancel = this.#options.clock.after(delayMs, () => {
        this.#cancel = null;
        this.#pump();
      });
      return true;
    }
    if (error.temporary && ambiguous) request.settle({ ok: false, reason: 'unconfirmed' });
    else request.settle({ ok: false, reason: 'refused', message: error.message });
    this.#pump();
    return true;
  }

  /** Gives up: what was sent is `unconfirmed`, what was not is `refused`. */
  stop(): void {
    this.#up = false;
    this.#take()?.settle({ ok: false, reason: 'unconfirmed' });
    for (const request of this.#queue.splice(0)) {
      request.settle({ ok: false, reason: 'refused', message: 'The connection ended before it was sent.' });
    }
  }

  #pump(): void {
    if (!this.#up || this.#current !== null || this.#cancel !== null) return;
    const request = this.#queue.shift();
    if (request === undefined) return;
    if (!this.#options.send(request.frame)) {
      this.#queue.unshift(request);
      return;
    }
    request.attempts++;
    this.#current = request;
    this.#cancel = this.#options.clock.after(ANSWER_TIMEOUT_MS, () => {
      this.#cancel = null;
      this.#options.onSilent();
    });
  }

  #take(): Request | null {
    const request = this.#current;
    this.#current = null;
    this.#cancel?.();
    this.#cancel = null;
    return request;
  }
}
