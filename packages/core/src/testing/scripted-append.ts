import { type AppendOutcome, type AppendResult, type AppendRow, StoreError } from '../ports/message-store.ts';
import type { ConversationId, MessageId, Seq, TimeUs } from '../types.ts';
import { ScriptedCalls } from './scripted-calls.ts';

/** How one call of `append` goes. `unknown_late`: the caller is told at once, the transaction ends (either way) only when the next call waits for its locks. */
export type AppendStep =
  | 'ok'
  | 'fail'
  | 'fatal'
  | 'unknown_committed'
  | 'unknown_lost'
  | 'unknown_late'
  | 'throw'
  | 'throw_now';

export interface AppendedMessage {
  readonly row: AppendRow;
  readonly seq: Seq;
  readonly messageId: MessageId;
  readonly sentAtUs: TimeUs;
}

/**
 * `MessageStore.append` as its port promises it, in memory, whose calls fail as a test says: each takes the next of `steps`, or
 * `step` when there is none. Rows for which `poison` is true can never be committed, nor can what is in one call with them.
 */
export class ScriptedAppend extends ScriptedCalls {
  readonly steps: AppendStep[] = [];
  step: (batch: readonly AppendRow[]) => AppendStep = () => 'ok';
  poison: (row: AppendRow) => boolean = () => false;
  lateCommits: () => boolean = () => true;
  readonly calls: (readonly AppendRow[])[] = [];
  readonly messages: AppendedMessage[] = [];
  readonly membersVersions = new Map<ConversationId, number>();
  readonly #byClient = new Map<string, AppendedMessage>();
  readonly #heads = new Map<ConversationId, Seq>();
  #late: (readonly AppendRow[])[] = [];

  append(batch: readonly AppendRow[]): Promise<AppendOutcome> {
    const step = this.steps.shift() ?? this.step(batch);
    this.calls.push([...batch]);
    if (step === 'throw_now') throw new TypeError('a bug, before the call');
    return this.run(() => this.#finish(step, batch));
  }

  /** Ends the transactions that are still on their way. */
  endLate(): void {
    const late = this.#late;
    this.#late = [];
    for (const rows of late) if (this.lateCommits()) this.#commit(rows);
  }

  conversation(conversationId: ConversationId): AppendedMessage[] {
    return this.messages.filter((message) => message.row.conversationId === conversationId);
  }

  #finish(step: AppendStep, batch: readonly AppendRow[]): AppendOutcome {
    if (step === 'fail') throw new StoreError('deadlock', { outcome: 'not_committed', retryable: true });
    if (step === 'fatal') throw new StoreError('disk full', { outcome: 'not_committed', retryable: false });
    if (step === 'throw') throw new TypeError('a bug');
    if (batch.length < 1 || batch.length > 512) throw new RangeError(`${batch.length} rows`);
    this.#endLateOf(new Set(batch.map((row) => row.conversationId)));
    const stale = new Set<ConversationId>();
    for (const row of batch) {
      if ((this.membersVersions.get(row.conversationId) ?? 1) !== row.membersVersion) stale.add(row.conversationId);
    }
    if (stale.size > 0) return { kind: 'stale', conversationIds: stale };
    if (batch.some((row) => this.poison(row))) {
      throw new StoreError('data too long', { outcome: 'not_committed', retryable: false });
    }
    if (step === 'unknown_late') this.#late.push(batch);
    if (step === 'unknown_late' || step === 'unknown_lost') throw unknown();
    const results = this.#commit(batch);
    if (step === 'unknown_committed') throw unknown();
    return { kind: 'committed', results };
  }

  #endLateOf(conversationIds: ReadonlySet<ConversationId>): void {
    const waitsFor = (rows: readonly AppendRow[]): boolean =>
      rows.some((row) => conversationIds.has(row.conversationId));
    const ended = this.#late.filter(waitsFor);
    this.#late = this.#late.filter((rows) => !waitsFor(rows));
    for (const rows of ended) if (this.lateCommits()) this.#commit(rows);
  }

  #commit(batch: readonly AppendRow[]): AppendResult[] {
    return batch.map((row): AppendResult => {
      const key = JSON.stringify([row.conversationId, row.senderId, row.clientId]);
      const first = this.#byClient.get(key);
      if (first !== undefined) {
        if (first.row.body !== row.body) return { kind: 'conflict' };
        return { kind: 'duplicate', seq: first.seq, messageId: first.messageId, sentAtUs: first.sentAtUs };
      }
      const seq = (this.#heads.get(row.conversationId) ?? 0) + 1;
      const message = { row, seq, messageId: this.messages.length + 1, sentAtUs: row.sentAtUs };
      this.#heads.set(row.conversationId, seq);
      this.messages.push(message);
      this.#byClient.set(key, message);
      return { kind: 'stored', seq, messageId: message.messageId, sentAtUs: message.sentAtUs };
    });
  }
}

function unknown(): StoreError {
  return new StoreError('connection lost in COMMIT', { outcome: 'unknown', retryable: true });
}
