import type { AppendOutcome, AppendResult } from '../ports/message-store.ts';
import { type StoreFailure, storeFailure } from '../store-failure.ts';
import type { ConversationId } from '../types.ts';
import type { CommitBatch } from './commit-batch.ts';
import type { GroupCommitDeps } from './group-commit-deps.ts';
import { LanePause } from './lane-pause.ts';
import type { CommittedSend, PendingSend, SendOutcome, SentMessage } from './pending-send.ts';
import { refreshVersions } from './refresh-versions.ts';
import { SendQueue } from './send-queue.ts';

/** Memberships that change again while they are read: more often than this in a row is not the members' doing. */
const MAX_STALE_ROUNDS = 5;

const UNKNOWN: SendOutcome = { kind: 'unknown' };
const STORE_UNAVAILABLE: SendOutcome = { kind: 'refused', error: 'store_unavailable' };
const INTERNAL: SendOutcome = { kind: 'refused', error: 'internal' };

/** One of the node's write lanes: a queue, and at most one call on the store at a time. See `GroupCommit` for what it promises. */
export class Lane<S extends PendingSend> {
  readonly #deps: GroupCommitDeps<S>;
  readonly #name: number;
  readonly #queue: SendQueue<S>;
  readonly #pause: LanePause;
  readonly #onIdle: () => void;
  #unsettledRows = 0;
  #unsettledBytes = 0;
  #idle = true;
  #call: Promise<AppendOutcome> | null = null;
  #callEnd = 0;
  /** In the store's hands, now or until its call is made again. */
  #calling: CommitBatch<S> | null = null;
  #calledAtMs = 0;

  constructor(deps: GroupCommitDeps<S>, name: number, onIdle: () => void) {
    this.#deps = deps;
    this.#name = name;
    this.#queue = new SendQueue(deps.settings.maxLaneRows);
    this.#pause = new LanePause(deps, name);
    this.#onIdle = onIdle;
  }

  /** Rows accepted and not settled: waiting or in the store's hands. */
  get rows(): number {
    return this.#unsettledRows;
  }

  get idle(): boolean {
    return this.#idle;
  }

  /** False when the lane is full. */
  submit(send: S): boolean {
    const { maxLaneRows, maxLaneBytes } = this.#deps.settings;
    const bytes = Buffer.byteLength(send.row.body);
    if (this.#unsettledRows >= maxLaneRows) return false;
    if (this.#unsettledRows > 0 && this.#unsettledBytes + bytes > maxLaneBytes) return false;
    this.#unsettledRows += 1;
    this.#unsettledBytes += bytes;
    this.#queue.push(send, bytes, this.#deps.clock.nowMs());
    if (this.#idle) {
      this.#idle = false;
      this.#deps.clock.defer(this.#start);
    }
    return true;
  }

  readonly #start = (): void => {
    void this.#run();
  };

  async #run(): Promise<void> {
    let batch = this.#next();
    while (batch !== null) {
      if (this.#call === null) {
        if (this.#pause.delayMs > 0) await this.#pause.wait();
        this.#begin(batch);
      }
      const outcome = await this.#outcome();
      if (!('kind' in outcome)) this.#failed(batch, outcome);
      else if (outcome.kind === 'stale') await this.#stale(batch, outcome.conversationIds);
      else batch = this.#committed(batch, outcome.results);
      if (batch !== null) this.#settleUpto(batch, batch.verdictsEnd(), INTERNAL);
      if (batch?.done) this.#release(batch);
      if (batch === null || batch.done) batch = this.#next();
    }
    this.#calling = null;
    this.#idle = true;
    this.#onIdle();
  }

  /** The next batch. While the store is away, rows whose time is over are refused without a call: there may be thousands. */
  #next(): CommitBatch<S> | null {
    const { clock, settings } = this.#deps;
    if (this.#pause.storeAway) {
      const expired = this.#queue.takeSubmittedBefore(clock.nowMs() + this.#pause.delayMs - settings.retryForMs);
      if (expired !== null) {
        this.#settleUpto(expired, expired.length, STORE_UNAVAILABLE);
        this.#release(expired);
      }
    }
    return this.#queue.take(settings.maxBatchRows, settings.maxBatchBytes);
  }

  /** The send that this message may be: it is committed, perhaps, and not settled. */
  find(message: SentMessage): S | null {
    return this.#calling?.find(message) ?? null;
  }

  #begin(batch: CommitBatch<S>): void {
    this.#calling = batch;
    this.#callEnd = batch.attemptEnd();
    this.#calledAtMs = this.#deps.clock.nowMs();
    try {
      this.#call = this.#deps.store.append(batch.rowsUpto(this.#callEnd));
    } catch (error) {
      this.#call = Promise.reject(error);
    }
  }

  async #outcome(): Promise<AppendOutcome | StoreFailure> {
    const call = this.#call;
    this.#call = null;
    try {
      if (call !== null) return await call;
      throw new Error('no call under way');
    } catch (error) {
      return storeFailure(error);
    }
  }

  /** Returns the batch to go on with: this one, or the next one whose call has begun already. */
  #committed(batch: CommitBatch<S>, results: readonly AppendResult[]): CommitBatch<S> | null {
    const from = batch.pos;
    const end = this.#callEnd;
    if (results.length !== end - from) {
      const reason = `${results.length} results for ${end - from} rows`;
      this.#failed(batch, { outcome: 'unknown', retryable: false, reason });
      return batch;
    }
    this.#pause.succeeded();
    batch.staleRounds = 0;
    batch.widen();
    batch.pos = end;
    const commitMs = this.#deps.clock.nowMs() - this.#calledAtMs;
    if (!batch.done) {
      this.#publish(batch, from, batch.ownCommits(from, results), commitMs);
      return batch;
    }
    // The store works on the next batch while this one is published and settled: nothing below waits for anything, so the order of what
    // the outside sees is the same, and the store does not idle for it.
    const next = this.#next();
    if (next !== null) this.#begin(next);
    this.#unsettledBytes -= batch.bytes;
    this.#publish(batch, from, batch.ownCommits(from, results), commitMs);
    return next;
  }

  #publish(batch: CommitBatch<S>, from: number, results: readonly AppendResult[], commitMs: number): void {
    const committed: CommittedSend<S>[] = [];
    for (let i = 0; i < results.length; i += 1) {
      const result = results[i];
      const row = batch.rows[from + i];
      const send = batch.sends[from + i];
      if (result?.kind !== 'stored' || row === undefined || send === undefined) continue;
      committed.push({ send, row, seq: result.seq, messageId: result.messageId, sentAtUs: result.sentAtUs });
    }
    this.#unsettledRows -= results.length;
    if (committed.length > 0) {
      this.#deps.telemetry.committed(committed.length, commitMs);
      try {
        this.#deps.onCommitted(committed);
      } catch (error) {
        this.#deps.log.error({ lane: this.#name, err: error }, 'publishing a flush threw');
      }
    }
    batch.settleCommitted(from, results, this.#deps.log);
  }

  #failed(batch: CommitBatch<S>, failure: StoreFailure): void {
    const { clock, telemetry, log } = this.#deps;
    const rows = this.#callEnd - batch.pos;
    if (failure.outcome === 'unknown') batch.markUnknown(this.#callEnd, clock.nowMs());
    if (failure.retryable) {
      this.#pause.failed(failure.reason);
      this.#giveUpLate(batch);
    } else if (rows > 1) {
      log.warn({ lane: this.#name, rows, reason: failure.reason }, 'a flush cannot be committed, looking for the row');
      batch.narrow(rows);
    } else {
      log.error(
        { lane: this.#name, conversationId: batch.rows[batch.pos]?.conversationId, reason: failure.reason },
        'a message cannot be committed',
      );
      this.#settleUpto(batch, batch.pos + 1, INTERNAL);
    }
    if (!batch.done) telemetry.commitRetried(failure.outcome);
  }

  async #stale(batch: CommitBatch<S>, conversationIds: ReadonlySet<ConversationId>): Promise<void> {
    const callEnd = this.#callEnd;
    let named = false;
    batch.eachOf(conversationIds, (_row, index) => {
      named ||= index < callEnd;
    });
    if (!named) {
      const reason = 'stale, and no conversation of the call named';
      this.#failed(batch, { outcome: 'not_committed', retryable: false, reason });
      return;
    }
    batch.staleRounds += 1;
    if (batch.staleRounds > MAX_STALE_ROUNDS) {
      batch.staleRounds = 0;
      this.#deps.log.error({ lane: this.#name, conversationIds: [...conversationIds] }, 'members change all the time');
      batch.eachOf(conversationIds, (_row, index) => {
        if (index < callEnd) batch.setVerdict(index, STORE_UNAVAILABLE);
      });
      return;
    }
    try {
      await refreshVersions(batch, conversationIds, this.#deps.standingOf, (index, error) => {
        batch.setVerdict(index, { kind: 'refused', error });
      });
      this.#pause.stale(batch.staleRounds);
    } catch (error) {
      batch.staleRounds -= 1;
      this.#pause.failed(storeFailure(error).reason);
      this.#giveUpLate(batch);
      if (!batch.done) this.#deps.telemetry.commitRetried('not_committed');
    }
  }

  /** Settles the rows, from the oldest, whose time is over before the next call would begin. */
  #giveUpLate(batch: CommitBatch<S>): void {
    const { clock, log, settings } = this.#deps;
    const startedBefore = clock.nowMs() + this.#pause.delayMs - settings.retryForMs;
    const from = batch.pos;
    if (batch.inDoubt(batch.pos)) {
      // Whole: they go on together until one call says what became of all of them.
      if (batch.unknownSinceMs >= startedBefore) return;
      this.#settleUpto(batch, batch.unknownUpto, UNKNOWN);
    }
    let end = batch.pos;
    while (end < batch.length && batch.submittedAtMs(end) < startedBefore) end += 1;
    this.#settleUpto(batch, end, STORE_UNAVAILABLE);
    const rows = batch.pos - from;
    if (rows > 0) log.error({ lane: this.#name, rows }, 'messages could not be committed in time');
  }

  #settleUpto(batch: CommitBatch<S>, end: number, outcome: SendOutcome): void {
    this.#unsettledRows -= end - batch.pos;
    batch.settleUpto(end, outcome, this.#deps.log);
  }

  #release(batch: CommitBatch<S>): void {
    this.#unsettledBytes -= batch.bytes;
  }
}
