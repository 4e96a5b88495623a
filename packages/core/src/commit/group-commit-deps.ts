import type { Clock } from '../ports/clock.ts';
import type { MessageStore } from '../ports/message-store.ts';
import type { Log, Telemetry } from '../ports/telemetry.ts';
import type { ConversationId, UserId } from '../types.ts';
import type { CommittedSend, PendingSend } from './pending-send.ts';
import type { Standing } from './refresh-versions.ts';

export interface GroupCommitSettings {
  /** Flushes under way at the same time. 1 to 64. */
  readonly lanes: number;
  /** 1 to 512. */
  readonly maxBatchRows: number;
  /** Of bodies, as UTF-8. A single bigger row goes alone. */
  readonly maxBatchBytes: number;
  /** Rows of one lane that are not settled; one more is refused `overloaded`. At most 1,048,576. */
  readonly maxLaneRows: number;
  /** Bodies of these rows, as UTF-8; what would go beyond is refused `overloaded`. */
  readonly maxLaneBytes: number;
  /** No call for a send begins later than this after its submission, or, once its outcome is in doubt, after that. */
  readonly retryForMs: number;
}

export interface GroupCommitDeps<S extends PendingSend = PendingSend> {
  readonly store: Pick<MessageStore, 'append'>;
  /** The members' version of now, from the primary, or why the user may not write. A rejection is tried again like a failed commit. */
  readonly standingOf: (userId: UserId, conversationId: ConversationId) => Promise<Standing>;
  /**
   * The newly committed sends of one flush, in commit order per conversation. Called before they settle, in the same tick. Must not throw.
   * A message may come a second time when a commit's outcome was in doubt.
   */
  readonly onCommitted: (sends: readonly CommittedSend<S>[]) => void;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly log: Log;
  readonly settings: GroupCommitSettings;
  /** 0 <= x < 1, for backoff. Default: `Math.random`. */
  readonly random?: () => number;
}

/** Throws a `RangeError` for settings out of range. */
export function checkSettings(settings: GroupCommitSettings): void {
  const check = (name: keyof GroupCommitSettings, min: number, max: number): void => {
    const value = settings[name];
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw new RangeError(`${name} is ${value}; it must be an integer from ${min} to ${max}`);
    }
  };
  check('lanes', 1, 64);
  check('maxBatchRows', 1, 512);
  check('maxBatchBytes', 1, 2 ** 30);
  check('maxLaneRows', 1, 2 ** 20);
  check('maxLaneBytes', 1, 2 ** 32);
  check('retryForMs', 0, 3_600_000);
}
