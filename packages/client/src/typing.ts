import type { Timers } from './environment.ts';

/** The server takes ten in ten seconds; one in three keeps the others told. */
const REPEAT_MS = 3_000;
/** A key was pressed this long ago: the user has stopped. */
const IDLE_MS = 4_000;
/** News of others are believed this long. */
const BELIEVED_MS = 7_000;
const MAX_SHOWN = 100;

/** Says that this user is typing, not at every key, and that it has ended. */
export class TypingSignal {
  readonly #timers: Timers;
  readonly #tell: (active: boolean) => boolean;
  #cancelRepeat: (() => void) | null = null;
  #cancelIdle: (() => void) | null = null;

  constructor(timers: Timers, tell: (active: boolean) => boolean) {
    this.#timers = timers;
    this.#tell = tell;
  }

  set(active: boolean): void {
    this.#cancelIdle?.();
    if (active) {
      this.#cancelIdle = this.#timers.after(IDLE_MS, () => this.set(false));
      if (this.#cancelRepeat !== null || !this.#tell(true)) return;
      this.#cancelRepeat = this.#timers.after(REPEAT_MS, () => {
        this.#cancelRepeat = null;
      });
    } else {
      const told = this.#cancelIdle !== null;
      this.sent();
      if (told) this.#tell(false);
    }
  }

  /** A message went out: it says by itself that the typing is over. */
  sent(): void {
    this.#cancelIdle?.();
    this.#cancelRepeat?.();
    this.#cancelIdle = null;
    this.#cancelRepeat = null;
  }
}

/** Who else is typing. An end that never comes is made up. */
export class TypingOthers {
  readonly #timers: Timers;
  readonly #changed: (userId: number, active: boolean) => void;
  readonly #users = new Map<number, () => void>();

  constructor(timers: Timers, changed: (userId: number, active: boolean) => void) {
    this.#timers = timers;
    this.#changed = changed;
  }

  get users(): readonly number[] {
    return [...this.#users.keys()];
  }

  set(userId: number, active: boolean): void {
    const cancel = this.#users.get(userId);
    cancel?.();
    if (active) {
      if (cancel === undefined && this.#users.size >= MAX_SHOWN) return;
      this.#users.set(
        userId,
        this.#timers.after(BELIEVED_MS, () => this.set(userId, false)),
      );
    } else this.#users.delete(userId);
    if (active !== (cancel !== undefined)) this.#changed(userId, active);
  }
}
