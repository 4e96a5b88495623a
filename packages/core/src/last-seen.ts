import type { CancelTimer, Clock } from './ports/clock.ts';
import type { ConversationStore } from './ports/conversation-store.ts';
import type { Log } from './ports/telemetry.ts';
import type { UserId } from './types.ts';

const WINDOW_MS = 5_000;
const MAX_PENDING = 10_000;
const PAGE = 500;

/** Remembers when users were last here, coalesced. Best effort: past the bound, or when the store fails, a time is lost and the next one stands. */
export class LastSeen {
  readonly #store: Pick<ConversationStore, 'touchUsers'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #users = new Set<UserId>();
  #cancel: CancelTimer | null = null;

  constructor(store: Pick<ConversationStore, 'touchUsers'>, clock: Clock, log: Log) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  touch(userId: UserId): void {
    if (this.#users.size >= MAX_PENDING) return;
    this.#users.add(userId);
    this.#cancel ??= this.#clock.after(WINDOW_MS, () => void this.flush());
  }

  /** Never rejects. */
  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
    const users = [...this.#users];
    this.#users.clear();
    try {
      for (let at = 0; at < users.length; at += PAGE) {
        await this.#store.touchUsers(users.slice(at, at + PAGE), this.#clock.nowUs());
      }
    } catch (error) {
      this.#log.warn({ err: error, users: users.length }, 'last-seen times were not written');
    }
  }
}
