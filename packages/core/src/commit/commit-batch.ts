import type { AppendResult, AppendRow } from '../ports/message-store.ts';
import type { Log } from '../ports/telemetry.ts';
import type { ConversationId, MessageId } from '../types.ts';
import type { PendingSend, SendOutcome, SentMessage } from './pending-send.ts';

const UNKNOWN: SendOutcome = { kind: 'unknown' };
const CONFLICT: SendOutcome = { kind: 'refused', error: 'client_id_conflict' };

/**
 * The sends of one flush, in submit order, and how far they are: rows before `pos` are settled, `pos` to `attemptEnd()` go into the next
 * call, the rest follow. A batch that has no trouble is one call; trouble makes the calls smaller, never another order.
 *
 * Invariants: `pos` only grows. A row below `unknownUpto` was in a call whose outcome is unknown, so it may be committed, now or later: it is
 * never refused, and is never in one call with rows that were not. A row with a verdict is in no further call; it is settled with the
 * verdict when `pos` reaches it.
 */
export class CommitBatch<S extends PendingSend> {
  readonly sends: S[];
  /** As they go to the store: `membersVersion` may be newer than in the send. */
  readonly rows: AppendRow[];
  readonly bytes: number;
  readonly #submittedAtMs: Float64Array;
  pos = 0;
  staleRounds = 0;
  unknownUpto = 0;
  /** When the rows below `unknownUpto` were first in doubt. */
  unknownSinceMs = 0;
  #width: number;
  #verdicts: (SendOutcome | undefined)[] | null = null;
  #own: Set<MessageId> | null = null;

  constructor(rows: number, bytes: number) {
    this.sends = new Array<S>(rows);
    this.rows = new Array<AppendRow>(rows);
    this.#submittedAtMs = new Float64Array(rows);
    this.bytes = bytes;
    this.#width = rows;
  }

  get length(): number {
    return this.sends.length;
  }

  get done(): boolean {
    return this.pos === this.sends.length;
  }

  set(index: number, send: S, submittedAtMs: number): void {
    this.sends[index] = send;
    this.rows[index] = send.row;
    this.#submittedAtMs[index] = submittedAtMs;
  }

  submittedAtMs(index: number): number {
    return this.#submittedAtMs[index] ?? 0;
  }

  attemptEnd(): number {
    const limit = this.pos < this.unknownUpto ? this.unknownUpto : this.length;
    const end = Math.min(this.pos + this.#width, limit);
    if (this.#verdicts === null) return end;
    for (let i = this.pos; i < end; i += 1) if (this.#verdicts[i] !== undefined) return i;
    return end;
  }

  rowsUpto(end: number): readonly AppendRow[] {
    return this.pos === 0 && end === this.length ? this.rows : this.rows.slice(this.pos, end);
  }

  /** After a call of several rows that cannot succeed: the next one has half of them, so that the row at fault is soon alone. */
  narrow(rows: number): void {
    this.#width = rows >> 1;
  }

  /** After a call that succeeded. */
  widen(): void {
    this.#width = Math.min(this.#width * 2, this.length);
  }

  inDoubt(index: number): boolean {
    return index < this.unknownUpto;
  }

  /** The call of the rows from `pos` to `end` may have been committed. */
  markUnknown(end: number, nowMs: number): void {
    if (this.unknownUpto <= this.pos) this.unknownSinceMs = nowMs;
    this.unknownUpto = Math.max(this.unknownUpto, end);
    this.#own ??= new Set();
  }

  /** Decides a row that goes into no further call. */
  setVerdict(index: number, outcome: SendOutcome): void {
    this.#verdicts ??= new Array<SendOutcome | undefined>(this.length).fill(undefined);
    this.#verdicts[index] = this.#refusal(index, outcome);
  }

  /** Where the rows with verdicts that are next end. */
  verdictsEnd(): number {
    let end = this.pos;
    while (end < this.length && this.#verdicts?.[end] !== undefined) end += 1;
    return end;
  }

  /** Settles the rows up to `end` without a result of the store: with the verdict on them, else as in doubt, else with `outcome`. */
  settleUpto(end: number, outcome: SendOutcome, log: Log): void {
    for (; this.pos < end; this.pos += 1) {
      const index = this.pos;
      this.#settle(index, this.#verdicts?.[index] ?? this.#refusal(index, outcome), log);
    }
  }

  /** Settles the rows from `from` with their results. */
  settleCommitted(from: number, results: readonly AppendResult[], log: Log): void {
    for (let i = 0; i < results.length; i += 1) {
      const result = results[i];
      if (result !== undefined) this.#settle(from + i, result.kind === 'conflict' ? CONFLICT : result, log);
    }
  }

  /** Calls `fn` for each row to come of these conversations that has no verdict. */
  eachOf(conversationIds: ReadonlySet<ConversationId>, fn: (row: AppendRow, index: number) => void): void {
    for (let i = this.pos; i < this.length; i += 1) {
      const row = this.rows[i];
      if (row !== undefined && conversationIds.has(row.conversationId) && this.#verdicts?.[i] === undefined) fn(row, i);
    }
  }

  /** The send, not settled yet, that this message may be: with the same client id and the same text. */
  find({ conversationId, senderId, clientId, body }: SentMessage): S | null {
    for (let i = this.pos; i < this.length; i += 1) {
      const row = this.rows[i];
      if (row?.conversationId !== conversationId || row.senderId !== senderId) continue;
      if (row.clientId === clientId && row.body === body) return this.sends[i] ?? null;
    }
    return null;
  }

  /**
   * The results of the call that began at `from`, with a `duplicate` of a row in doubt told as what it is: our own commit, `stored`. Only once per message,
   * since one batch may hold the same send twice. (A row in doubt that was a duplicate from the start is told as `stored` too: to publish
   * an old message again is harmless, to forget a new one is not.)
   */
  ownCommits(from: number, results: readonly AppendResult[]): readonly AppendResult[] {
    const own = this.#own;
    if (own === null) return results;
    return results.map((result, i): AppendResult => {
      if (result.kind === 'conflict') return result;
      const first = !own.has(result.messageId);
      own.add(result.messageId);
      if (result.kind === 'stored' || !first || !this.inDoubt(from + i)) return result;
      return { kind: 'stored', seq: result.seq, messageId: result.messageId, sentAtUs: result.sentAtUs };
    });
  }

  #refusal(index: number, outcome: SendOutcome): SendOutcome {
    return this.inDoubt(index) ? UNKNOWN : outcome;
  }

  #settle(index: number, outcome: SendOutcome, log: Log): void {
    try {
      this.sends[index]?.settle(outcome);
    } catch (error) {
      log.error({ err: error }, 'settling a send threw');
    }
  }
}
