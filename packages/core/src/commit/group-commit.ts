import type { ErrorName } from '@parley/protocol';
import type { Clock } from '../ports/clock.ts';
import type { AppendRow, MessageStore } from '../ports/message-store.ts';
import type { Log, Telemetry } from '../ports/telemetry.ts';
import type { ConversationId, MessageId, Seq, TimeUs, UserId } from '../types.ts';
import { Lane } from './lane.ts';
import type { Standing } from './refresh-versions.ts';

export type SendOutcome =
  | {
      readonly kind: 'stored' | 'duplicate';
      readonly seq: Seq;
      readonly messageId: MessageId;
      readonly sentAtUs: TimeUs;
    }
  /** Nothing stored. `client_id_conflict`, `not_a_member`, `blocked`, `overloaded`, `store_unavailable`, `draining` or `internal`. */
  | { readonly kind: 'refused'; readonly error: ErrorName }
  /** It may be committed, now or later: the session closes the connection without an answer, and the client asks again. */
  | { readonly kind: 'unknown' };

export interface PendingSend {
  readonly row: AppendRow;
  /** Called exactly once, never within `submit`. */
  settle(outcome: SendOutcome): void;
}

/** What a send and the message that comes of it have in common. */
export type SentMessage = Pick<AppendRow, 'conversationId' | 'senderId' | 'clientId' | 'body'>;

export interface CommittedSend<S extends PendingSend = PendingSend> {
  readonly send: S;
  /** As committed: its `membersVersion` may be newer than in `send.row`. */
  readonly row: AppendRow;
  readonly seq: Seq;
  readonly messageId: MessageId;
  readonly sentAtUs: TimeUs;
}

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

const OVERLOADED: SendOutcome = { kind: 'refused', error: 'overloaded' };
const DRAINING: SendOutcome = { kind: 'refused', error: 'draining' };

/**
 * Writes sends many at a time. A conversation is always on the same lane; each lane has one flush under way, while which the next
 * one collects. An idle lane flushes at the end of the turn of the event loop, so there is no timer, and what arrives together is committed together.
 *
 * Order: the sends of a conversation are committed and settled in the order of their submission, whatever fails. Only refusals at
 * the door (`overloaded`, `draining`) do not wait for their turn: they settle at the end of the tick.
 * Lanes do not wait for each other.
 *
 * Failures, by what the store says (see `StoreError`):
 * - retryable: the same rows again, after a growing pause. Past `retryForMs` they are refused `store_unavailable`. Meanwhile the lane's queue
 *   fills to its bound; a row that waited past `retryForMs` while the store is away is refused without a call.
 * - not retryable: the rows are tried in ever smaller calls, in order, until the row at fault fails alone, as `internal`.
 * - unknown: it may be committed, so from then on these rows are never refused for trouble of ours: the call is made again until it says what became
 *   of them, a `duplicate` then being our own commit; past `retryForMs` they settle as `unknown`. Only a certain "no" of the store itself
 *   (`client_id_conflict`) is passed on.
 * - stale members: the versions are read anew and the rows go on in the same order, without those of senders who have left or are blocked. After
 *   five such rounds in a row that conversation's rows are refused `store_unavailable`.
 */
export class GroupCommit<S extends PendingSend = PendingSend> {
  readonly #deps: GroupCommitDeps<S>;
  readonly #lanes: Lane<S>[];
  /** Refused at the door in this tick; bounded by what one turn of the event loop brings. */
  #refused: S[] = [];
  #draining = false;
  #drained: Promise<void> | null = null;
  #resolveDrained: (() => void) | null = null;

  /** Throws a `RangeError` for settings out of range. */
  constructor(deps: GroupCommitDeps<S>) {
    checkSettings(deps.settings);
    this.#deps = deps;
    const onIdle = (): void => this.#checkDrained();
    this.#lanes = Array.from({ length: deps.settings.lanes }, (_, i) => new Lane(deps, i, onIdle));
  }

  /** Rows accepted and not settled. */
  get queuedRows(): number {
    let rows = 0;
    for (const lane of this.#lanes) rows += lane.rows;
    return rows;
  }

  submit(send: S): void {
    if (!this.#draining && this.#laneOf(send.row.conversationId)?.submit(send)) return;
    this.#refused.push(send);
    if (this.#refused.length === 1) this.#deps.clock.defer(this.#settleRefused);
  }

  /** The send of this message, when it is committed and not settled yet. Looks at one flush: for what is read, not for what is sent. */
  find(message: SentMessage): S | null {
    return this.#laneOf(message.conversationId)?.find(message) ?? null;
  }

  /** Refuses new sends from now on, and resolves when all that were accepted are settled. Never rejects. May be called again. */
  drain(): Promise<void> {
    this.#draining = true;
    this.#drained ??= new Promise((resolve) => {
      this.#resolveDrained = resolve;
    });
    this.#checkDrained();
    return this.#drained;
  }

  #laneOf(conversationId: ConversationId): Lane<S> | undefined {
    // Both halves of a 53 bit id, spread by a multiplicative hash whose upper bits are the good ones.
    const low = conversationId >>> 0;
    const high = (conversationId / 0x1_0000_0000) >>> 0;
    const hash = Math.imul(low ^ Math.imul(high, 0x85eb_ca6b), 0x9e37_79b1) >>> 16;
    return this.#lanes[hash % this.#lanes.length];
  }

  readonly #settleRefused = (): void => {
    const refused = this.#refused;
    this.#refused = [];
    for (const send of refused) {
      try {
        send.settle(this.#draining ? DRAINING : OVERLOADED);
      } catch (error) {
        this.#deps.log.error({ err: error }, 'settling a send threw');
      }
    }
    this.#checkDrained();
  };

  #checkDrained(): void {
    if (this.#draining && this.#refused.length === 0 && this.#lanes.every((lane) => lane.idle))
      this.#resolveDrained?.();
  }
}

function checkSettings(settings: GroupCommitSettings): void {
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
