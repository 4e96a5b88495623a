import { ChatError } from './chat-error.ts';
import type { Timers } from './environment.ts';
import type { FrameOf, Outgoing, ServerFrame } from './wire.ts';

/** Where frames go while there is a connection. */
export interface Wire {
  send(text: string): void;
  /** Something may be wrong with it: an answer did not come. */
  probe(): void;
}

interface Waiting {
  readonly frame: Outgoing;
  readonly resolve: (answer: ServerFrame) => void;
  readonly reject: (error: ChatError) => void;
  cancelTimeout?: () => void;
}

type AnswerType =
  | 'ack'
  | 'conversation_ready'
  | 'conversations'
  | 'history'
  | 'members'
  | 'message_status'
  | 'ok'
  | 'pong'
  | 'presence'
  | 'refreshed';

type Limits = Pick<FrameOf<'welcome'>['limits'], 'max_in_flight' | 'max_frame_bytes'>;

/** Room is left for answers that nobody waits for any more. */
const MAX_IN_FLIGHT = 32;
/** Most bytes of UTF-8 that one unit of a JavaScript string comes to. */
const BYTES_PER_UNIT = 3;
const MAX_WAITING = 10_000;
const FIRST_PAUSE_MS = 500;

/** A promise that may be dropped: no runtime reports its rejection. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/**
 * Requests and their answers, matched by `ref`. At most `max_in_flight` are on the wire, at most 10,000 wait. Every promise settles: with the
 * answer, or with a `ChatError` when the server refuses, the connection ends (`disconnected`), no answer comes, or the client is closed.
 */
export class Requests {
  readonly #timers: Timers;
  readonly #timeoutMs: number;
  readonly #inFlight = new Map<number, Waiting>();
  #queue: Waiting[] = [];
  #wire: Wire | null = null;
  #maxInFlight = 1;
  /** In units of a JavaScript string. */
  #maxFrameLength = 0;
  #lastRef = 0;
  #closed = false;
  /** Why nothing more will be tried by itself, when that is so. */
  #ended: ChatError | null = null;
  #synced = false;
  /** Woken when something has changed: a connection, the sync, the end of the client or of somebody's patience. */
  readonly #sleepers: (() => void)[] = [];

  constructor(timers: Timers, timeoutMs: number) {
    this.#timers = timers;
    this.#timeoutMs = timeoutMs;
  }

  /** @param reason null: it is being tried again */
  onEnded(reason: ChatError | null): void {
    this.#ended = reason;
    if (reason !== null) this.#wake();
  }

  attach(wire: Wire, limits: Limits): void {
    this.#wire = wire;
    this.#maxInFlight = Math.min(MAX_IN_FLIGHT, limits.max_in_flight) || 1;
    this.#maxFrameLength = limits.max_frame_bytes / BYTES_PER_UNIT;
    this.#wake();
  }

  /** What was missed is here. */
  onSynced(): void {
    this.#synced = true;
    this.#wake();
  }

  detach(): void {
    this.#wire = null;
    this.#synced = false;
    this.#rejectAll();
  }

  close(): void {
    this.#closed = true;
    this.#wire = null;
    this.#rejectAll();
    this.#wake();
  }

  /** Takes the frame if it is an answer. */
  answer(frame: ServerFrame): boolean {
    const { ref } = frame as { readonly ref?: unknown };
    const waiting = this.#inFlight.get(ref as number);
    if (waiting === undefined) return ref !== undefined;
    this.#inFlight.delete(ref as number);
    waiting.cancelTimeout?.();
    if (frame.type === 'error') {
      const { name, message, temporary, retry_after_ms } = frame;
      waiting.reject(new ChatError(name as ChatError['code'], message, temporary, retry_after_ms ?? null));
    } else waiting.resolve(frame);
    this.#pump();
    return true;
  }

  /** One attempt, on the present connection. */
  once<T extends AnswerType>(_answer: T, frame: Outgoing): Promise<FrameOf<T>> {
    return new Promise<ServerFrame>((resolve, reject) => {
      if (this.#wire === null) reject(this.#absent());
      else if (this.#queue.length >= MAX_WAITING) reject(new ChatError('overloaded', 'Too much waits.', true));
      else {
        this.#queue.push({ frame, resolve, reject });
        this.#pump();
      }
    }) as Promise<FrameOf<T>>;
  }

  /**
   * Waits for a connection and tries again after passing trouble, for as long as requests may take; not when no connection is going to be tried. Only for
   * what may be repeated. What of the frame is a getter is read when it is sent.
   */
  ask<T extends AnswerType>(answer: T, frame: Outgoing): Promise<FrameOf<T>> {
    return this.#ask(
      answer,
      () => frame,
      () => this.#wire !== null,
    );
  }

  /** As `ask`, and not before everything that was missed has come; the frame is made then. */
  askSynced<T extends AnswerType>(answer: T, frame: () => Outgoing): Promise<FrameOf<T>> {
    return this.#ask(answer, frame, () => this.#synced);
  }

  async #ask<T extends AnswerType>(answer: T, frame: () => Outgoing, mayGo: () => boolean): Promise<FrameOf<T>> {
    let late = false;
    const cancel = this.#timers.after(this.#timeoutMs, () => {
      late = true;
      this.#wake();
    });
    try {
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
        await this.#until(() => late || mayGo() || this.#ended !== null);
        if (this.#closed || !mayGo()) throw this.#absent(this.#ended);
        try {
          return await this.once(answer, frame());
        } catch (error) {
          if (!(error instanceof ChatError) || !error.temporary || late) throw error;
          const isOver = (): boolean => late || this.#ended !== null;
          if (error.code !== 'disconnected') await this.#pause(error.retryAfterMs ?? pauseMs, isOver);
        }
      }
    } finally {
      cancel();
    }
  }

  /** A notice: no answer is asked for. False if there is no connection. */
  tell(frame: Outgoing): boolean {
    this.#wire?.send(JSON.stringify(frame));
    return this.#wire !== null;
  }

  #pump(): void {
    while (this.#wire !== null && this.#inFlight.size < this.#maxInFlight) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      const ref = ++this.#lastRef;
      const text = JSON.stringify({ ...next.frame, ref });
      // It would end the connection, and each one after it.
      if (text.length > this.#maxFrameLength) {
        next.reject(new ChatError('message_too_large', 'Too long for the server.'));
        continue;
      }
      this.#inFlight.set(ref, next);
      next.cancelTimeout = this.#timers.after(this.#timeoutMs, () => {
        this.#inFlight.delete(ref);
        next.reject(new ChatError('timeout', 'The server took too long.', true));
        this.#wire?.probe();
        this.#pump();
      });
      this.#wire.send(text);
    }
  }

  /** Or until the client is closed. */
  async #until(condition: () => boolean): Promise<void> {
    while (!this.#closed && !condition()) {
      await new Promise<void>((resolve) => {
        this.#sleepers.push(resolve);
      });
    }
  }

  async #pause(delayMs: number, isLate: () => boolean): Promise<void> {
    let over = false;
    const cancel = this.#timers.after(delayMs, () => {
      over = true;
      this.#wake();
    });
    await this.#until(() => over || isLate());
    cancel();
  }

  #wake(): void {
    for (const wake of this.#sleepers.splice(0)) wake();
  }

  #absent(reason: ChatError | null = null): ChatError {
    return this.#closed
      ? new ChatError('closed', 'The client is closed.')
      : (reason ?? new ChatError('disconnected', 'There is no connection.', true));
  }

  #rejectAll(): void {
    const error = this.#absent();
    const all = [...this.#inFlight.values(), ...this.#queue];
    this.#inFlight.clear();
    this.#queue = [];
    for (const { reject, cancelTimeout } of all) {
      cancelTimeout?.();
      reject(error);
    }
  }
}
