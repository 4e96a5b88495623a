import type { ConversationId } from '../types.ts';
import { checkSettings, type GroupCommitDeps } from './group-commit-deps.ts';
import { Lane } from './lane.ts';
import type { PendingSend, SendOutcome, SentMessage } from './pending-send.ts';

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
