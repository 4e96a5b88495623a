import type { CancelTimer, Clock } from '../ports/clock.ts';
import type { ConversationStore } from '../ports/conversation-store.ts';
import type { Log } from '../ports/telemetry.ts';
import type { UserId } from '../types.ts';

/** Shorter than the grace behind a disconnect: who is told that a user went offline is told when (`PresenceNews`). */
const WINDOW_MS = 1_000;
const MAX_PENDING = 10_000;
const PAGE = 500;
const MIN_GAP_MS = 50;

/**
 * Remembers when users were last here: at the end of a session, coalesced, and now and then while one lasts, so that a node that is killed leaves a time
 * that is at most a period old. Best effort: past the bound, or when the store fails, a time is lost and the next one stands.
 */
export class LastSeen {
  readonly #store: Pick<ConversationStore, 'touchUsers'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #users = new Set<UserId>();
  #cancel: CancelTimer | null = null;
  #cancelVisit: CancelTimer | null = null;

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

  /** Writes the time for each of the users that are here about once in `periodMs`, until `stop`. */
  startVisits(users: () => Iterable<{ readonly id: UserId }>, periodMs: number): void {
    let queue: UserId[] = [];
    let gapMs = periodMs;
    const visit = (): void => {
      if (queue.length === 0) {
        queue = Array.from(users(), (user) => user.id);
        gapMs = Math.max(MIN_GAP_MS, periodMs / Math.max(1, Math.ceil(queue.length / PAGE)));
      }
      const page = queue.splice(-PAGE);
      this.#cancelVisit = this.#clock.after(gapMs, visit);
      if (page.length > 0) void this.#write(page);
    };
    this.#cancelVisit = this.#clock.after(periodMs, visit);
  }

  /** Ends the visits, and what was not flushed is lost. */
  stop(): void {
    this.#cancelVisit?.();
    this.#cancel?.();
  }

  /** Never rejects. */
  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
    const users = [...this.#users];
    this.#users.clear();
    await this.#write(users);
  }

  async #write(users: readonly UserId[]): Promise<void> {
    try {
      for (let at = 0; at < users.length; at += PAGE) {
        await this.#store.touchUsers(users.slice(at, at + PAGE), this.#clock.nowUs());
      }
    } catch (error) {
      this.#log.warn({ err: error, users: users.length }, 'last-seen times were not written');
    }
  }
}
