import type { CancelTimer, Clock } from '../ports/clock.ts';
import type { ConversationReader } from '../ports/conversation-reader.ts';
import type { Log } from '../ports/telemetry.ts';
import type { UserId } from '../types.ts';
import type { PresenceTable, WatchList } from './presence-table.ts';

/** Users of one read. */
const PAGE = 100;
/** Between two reads, so that they are at most 50 a second whatever is watched: with more than 3,000 lists a round takes longer than a minute. */
const MIN_GAP_MS = 20;

/**
 * Ends watches whose acquaintance has ended since: the watched has blocked the watcher, or one of them has left the last group they shared. Each pair is
 * asked about again about once in `periodMs`, at most twice that after the watch began. One read at a time; a read that fails ends nothing.
 */
export class AcquaintanceCheck {
  readonly #table: PresenceTable;
  readonly #reader: Pick<ConversationReader, 'acquainted'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #periodMs: number;
  readonly #onEnded: (list: WatchList, userIds: readonly UserId[]) => void;
  #queue: WatchList[] = [];
  #gapMs = 0;
  #cancel: CancelTimer | null = null;
  /** Changes with each start and stop: a visit that is under way then is the last of its row. */
  #run = 0;
  #running = false;

  constructor(deps: {
    table: PresenceTable;
    reader: Pick<ConversationReader, 'acquainted'>;
    clock: Clock;
    log: Log;
    periodMs: number;
    onEnded: (list: WatchList, userIds: readonly UserId[]) => void;
  }) {
    this.#table = deps.table;
    this.#reader = deps.reader;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#periodMs = deps.periodMs;
    this.#onEnded = deps.onEnded;
  }

  /** From now on, until `stop`. Idempotent. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#schedule(this.#periodMs, ++this.#run);
  }

  stop(): void {
    this.#running = false;
    this.#run++;
    this.#queue = [];
    this.#cancel?.();
    this.#cancel = null;
  }

  #schedule(delayMs: number, run: number): void {
    this.#cancel = this.#clock.after(delayMs, () => void this.#visit(run));
  }

  async #visit(run: number): Promise<void> {
    if (this.#queue.length === 0) {
      this.#queue = [...this.#table.lists()];
      this.#gapMs = this.#periodMs / Math.max(1, this.#queue.length);
    }
    const list = this.#queue.pop();
    const reads = list === undefined ? 0 : await this.#check(list);
    if (run === this.#run) this.#schedule(Math.max(this.#gapMs, reads * MIN_GAP_MS), run);
  }

  /** @returns the number of reads */
  async #check(list: WatchList): Promise<number> {
    const self = list.watcher.userId;
    const watched = [...list.told.keys()].filter((userId) => userId !== self);
    let reads = 0;
    for (let at = 0; at < watched.length && !list.watcher.closed; at += PAGE) {
      const page = watched.slice(at, at + PAGE);
      reads++;
      try {
        const acquainted = await this.#reader.acquainted(self, page);
        const ended = page.filter((userId) => !acquainted.has(userId) && list.told.has(userId));
        if (ended.length > 0) this.#onEnded(list, ended);
      } catch (error) {
        this.#log.warn({ err: error, userId: self }, 'acquaintances could not be checked; the next round does');
        break;
      }
    }
    return reads;
  }
}
