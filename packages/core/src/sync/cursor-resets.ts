import type { Clock } from '../ports/clock.ts';
import type { Log, ResetReason, Telemetry } from '../ports/telemetry.ts';
import type { UserId } from '../types.ts';

const WARN_EVERY_MS = 60_000;

/**
 * Devices that were told to forget what they have: counted, and those that are ahead of the store said in the log, at most once a minute. Each of
 * them may be the first sign that the database has lost what it had committed: they have more of a conversation of theirs than there is. (Whoever makes up
 * conversations is `unknown`.)
 */
export class CursorResets {
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #log: Log;
  #warnedMs = Number.NEGATIVE_INFINITY;
  /** Devices since the last line of the log. */
  #ahead = 0;

  constructor(deps: { readonly clock: Clock; readonly telemetry: Telemetry; readonly log: Log }) {
    this.#clock = deps.clock;
    this.#telemetry = deps.telemetry;
    this.#log = deps.log;
  }

  /** @param conversations how many the device has to forget */
  note(reason: ResetReason, userId: UserId, conversations: number): void {
    this.#telemetry.cursorReset(reason);
    if (reason !== 'ahead') return;
    this.#ahead++;
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#warnedMs < WARN_EVERY_MS) return;
    this.#log.warn(
      { devices: this.#ahead, userId, conversations },
      'cursors ahead of this database: was it restored? run npx parley epoch renew',
    );
    this.#warnedMs = nowMs;
    this.#ahead = 0;
  }
}
