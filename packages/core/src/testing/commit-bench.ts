import { GroupCommit } from '../commit/group-commit.ts';
import type { GroupCommitSettings } from '../commit/group-commit-deps.ts';
import type { SendOutcome } from '../commit/pending-send.ts';
import type { Standing } from '../commit/refresh-versions.ts';
import type { AppendRow, MessageStore } from '../ports/message-store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { ConversationId, UserId } from '../types.ts';
import { FakeClock } from './fake-clock.ts';
import { ScriptedAppend } from './scripted-append.ts';
import { silentLog } from './test-doubles.ts';

/** Small enough that a few sends reach every bound. */
const BENCH_SETTINGS: GroupCommitSettings = {
  lanes: 2,
  maxBatchRows: 4,
  maxBatchBytes: 1_000,
  maxLaneRows: 100,
  maxLaneBytes: 100_000,
  retryForMs: 30_000,
};

/** A group commit on a scripted store, that writes down what the outside sees, in order. */
export class CommitBench {
  readonly clock = new FakeClock();
  readonly store = new ScriptedAppend(this.clock);
  readonly events: string[] = [];
  readonly outcomes = new Map<string, SendOutcome>();
  readonly committed: number[] = [];
  readonly retried: string[] = [];
  readonly asked: string[] = [];
  standingOf = async (userId: UserId, conversationId: ConversationId): Promise<Standing> => {
    this.asked.push(`${userId}:${conversationId}`);
    return this.store.membersVersions.get(conversationId) ?? 1;
  };
  onPublish: () => void = () => {};
  onSettle: (id: string) => void = () => {};
  readonly commit: GroupCommit;

  constructor(settings: Partial<GroupCommitSettings> = {}, store?: Pick<MessageStore, 'append'>) {
    const telemetry = {
      committed: (rows: number) => void this.committed.push(rows),
      commitRetried: (outcome: string) => void this.retried.push(outcome),
    } as unknown as Telemetry;
    this.commit = new GroupCommit({
      store: store ?? this.store,
      standingOf: (userId, conversationId) => this.standingOf(userId, conversationId),
      onCommitted: (sends) => {
        this.events.push(`publish ${sends.map((s) => `${s.row.clientId}=${s.seq}`).join(' ')}`);
        this.onPublish();
      },
      clock: this.clock,
      telemetry,
      log: silentLog,
      settings: { ...BENCH_SETTINGS, ...settings },
      random: () => 0.5,
    });
  }

  row(id: string, row: Partial<AppendRow> = {}): AppendRow {
    return {
      conversationId: 1,
      kind: 'group',
      senderId: 7,
      recipientId: null,
      clientId: id,
      body: `body of ${id}`,
      sentAtUs: this.clock.nowUs(),
      membersVersion: 1,
      ...row,
    };
  }

  /** Submits one send per word, named by it. */
  send(ids: string, row: Partial<AppendRow> = {}): void {
    for (const id of ids.split(' ')) {
      this.commit.submit({
        row: this.row(id, row),
        settle: (outcome) => {
          if (this.outcomes.has(id)) this.events.push(`settle ${id} a second time`);
          this.outcomes.set(id, outcome);
          this.events.push(`settle ${id} ${outcome.kind === 'refused' ? outcome.error : outcome.kind}`);
          this.onSettle(id);
        },
      });
    }
  }

  get calls(): string[] {
    return this.store.calls.map((rows) => rows.map((row) => row.clientId).join(' '));
  }

  stored(conversationId = 1): string {
    return this.store
      .conversation(conversationId)
      .map((message) => message.row.clientId)
      .join(' ');
  }

  seqOf(id: string): number | undefined {
    const outcome = this.outcomes.get(id);
    return outcome?.kind === 'stored' || outcome?.kind === 'duplicate' ? outcome.seq : undefined;
  }
}
