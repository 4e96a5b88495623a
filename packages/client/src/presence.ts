import type { Presence } from './api/client.ts';
import { ChatError } from './chat-error.ts';
import { chunks } from './chunks.ts';
import type { Timers } from './environment.ts';
import type { Requests } from './requests.ts';
import { type FrameOf, timeMsOrNull } from './wire.ts';

const MAX_PER_FRAME = 100;
const MAX_WATCHED = 1_000;
const RETRY_MS = 5_000;

export const presencesOf = (frame: FrameOf<'presence'>): Presence[] =>
  frame.users.map((user) => ({
    userId: user.user_id,
    online: user.online,
    lastSeenMs: timeMsOrNull(user.last_seen),
  }));

export interface PresenceWatchDependencies {
  readonly requests: Requests;
  readonly timers: Timers;
  readonly onError: (error: unknown) => void;
}

/** Whom this client watches. The server forgets it with the connection: told again after each. */
export class PresenceWatch {
  readonly #deps: PresenceWatchDependencies;
  readonly #onPresence: (presence: Presence) => void;
  /** How many watchers of this client each user has. */
  readonly #watched = new Map<number, number>();

  constructor(deps: PresenceWatchDependencies, onPresence: (presence: Presence) => void) {
    this.#deps = deps;
    this.#onPresence = onPresence;
  }

  watch(userIds: readonly number[]): () => void {
    const wanted = [...new Set(userIds)];
    const added = wanted.filter((userId) => !this.#watched.has(userId));
    if (this.#watched.size + added.length > MAX_WATCHED) {
      this.#deps.onError(new ChatError('too_many_watches', 'Too many.'));
      return () => undefined;
    }
    for (const userId of wanted) this.#watched.set(userId, (this.#watched.get(userId) ?? 0) + 1);
    this.#ask(added);
    let stopped = false;
    return () => {
      if (!stopped) this.#unwatch(wanted);
      stopped = true;
    };
  }

  onUp(): void {
    this.#ask([...this.#watched.keys()]);
  }

  onNews(frame: FrameOf<'presence'>): void {
    for (const presence of presencesOf(frame)) this.#onPresence(presence);
  }

  #unwatch(userIds: readonly number[]): void {
    const ended = userIds.filter((userId) => {
      const left = (this.#watched.get(userId) ?? 1) - 1;
      if (left > 0) this.#watched.set(userId, left);
      else this.#watched.delete(userId);
      return left === 0;
    });
    for (const some of chunks(ended, MAX_PER_FRAME)) this.#deps.requests.tell({ type: 'unwatch', user_id: some });
  }

  #ask(userIds: readonly number[]): void {
    const wanted = userIds.filter((userId) => this.#watched.has(userId));
    for (const some of chunks(wanted, MAX_PER_FRAME)) {
      this.#deps.requests
        .once('presence', { type: 'watch', user_id: some })
        .then((answer) => this.onNews(answer))
        .catch((error: unknown) => {
          const { code, temporary, retryAfterMs } = error as ChatError;
          if (temporary) {
            // With the next connection, or later.
            if (code !== 'disconnected') this.#deps.timers.after(retryAfterMs ?? RETRY_MS, () => this.#ask(some));
            return;
          }
          // One refused, all are: the others are found by halving.
          if (some.length > 1) for (const half of chunks(some, Math.ceil(some.length / 2))) this.#ask(half);
          else this.#deps.onError(error);
        });
    }
  }
}
