import type { WebSocketClass } from './api/options.ts';
import { ChatError } from './chat-error.ts';

export type Cancel = () => void;
export type NetworkSign = 'online' | 'offline' | 'visible';

/** What the client needs of its surroundings. Absent parts are null; tests pass their own. */
export interface Environment {
  readonly webSocket: WebSocketClass | null;
  readonly indexedDB: IDBFactory | null;
  /** Milliseconds since the epoch. */
  now(): number;
  after(delayMs: number, fn: () => void): Cancel;
  /** 0 <= x < 1. */
  random(): number;
  /** 1 to 64 characters of [A-Za-z0-9_-], never the same twice. */
  newId(): string;
  /** False only when there is certainly no network. */
  online(): boolean;
  onSign(listener: (sign: NetworkSign) => void): Cancel;
  /** Null where tabs cannot agree on who sends. */
  readonly locks: LockManager | null;
  channel(name: string): BroadcastChannel | null;
  /** An error that nobody listens for. */
  report(error: unknown): void;
}

type Globals = Partial<
  Pick<typeof globalThis, 'WebSocket' | 'indexedDB' | 'navigator' | 'document' | 'BroadcastChannel'>
> &
  Partial<Pick<EventTarget, 'addEventListener'>>;

/** `setTimeout` takes what is beyond it, for example `Infinity`, for no delay at all. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Of the browser or of Node. */
export function globalEnvironment(): Environment {
  const globals = globalThis as Globals;
  const { navigator, document } = globals;
  // Random once: an id that only counts on from the one before is shorter, on the wire and in the database for good.
  const prefix = Array.from(crypto.getRandomValues(new Uint32Array(3)), (word) => word.toString(36)).join('');
  let ids = 0;
  return {
    webSocket: (globals.WebSocket as WebSocketClass | undefined) ?? null,
    indexedDB: globals.indexedDB ?? null,
    now: () => Date.now(),
    after: (delayMs, fn) => {
      const timer = setTimeout(fn, Math.min(delayMs, MAX_DELAY_MS));
      return () => clearTimeout(timer);
    },
    random: Math.random,
    newId: () => `${prefix}-${(++ids).toString(36)}`,
    online: () => navigator?.onLine !== false,
    onSign: (listener) => {
      const listening = new AbortController();
      const { signal } = listening;
      for (const sign of ['online', 'offline'] as const) {
        globals.addEventListener?.(sign, () => listener(sign), { signal });
      }
      document?.addEventListener(
        'visibilitychange',
        () => {
          if (document.visibilityState === 'visible') listener('visible');
        },
        { signal },
      );
      return () => listening.abort();
    },
    locks: navigator?.locks ?? null,
    channel: (name) => (globals.BroadcastChannel === undefined ? null : new globals.BroadcastChannel(name)),
    // biome-ignore lint/suspicious/noConsole: the last resort when the application listens for no `error`
    report: (error) => console.error(error),
  };
}

/** Timers that end together. */
export class Timers {
  readonly #environment: Environment;
  readonly #running = new Set<Cancel>();
  #closed = false;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  after(delayMs: number, fn: () => void): Cancel {
    if (this.#closed) return () => undefined;
    const stop = this.#environment.after(delayMs, () => {
      this.#running.delete(cancel);
      fn();
    });
    const cancel = (): void => {
      this.#running.delete(cancel);
      stop();
    };
    this.#running.add(cancel);
    return cancel;
  }

  /** What `work` of the application comes to, which may throw, or never end: rejects then with `timeout`. */
  within<T>(timeoutMs: number, name: string, work: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.after(timeoutMs, () => reject(new ChatError('timeout', `${name} took too long.`, true)));
      new Promise<T>((begin) => begin(work())).then(resolve, reject).finally(cancel);
    });
  }

  clear(): void {
    for (const cancel of [...this.#running]) cancel();
  }

  /** Those that are set from now on never run. */
  close(): void {
    this.#closed = true;
    this.clear();
  }
}
