import type { Clock } from '../ports/clock.ts';
import type { Directory } from '../ports/directory.ts';
import type { Log } from '../ports/telemetry.ts';
import type { Topic } from '../types.ts';

interface TopicState {
  wanted: boolean;
  /** 0 while not joined, else the order of the join's completion. */
  joinedAt: number;
  /** When an unwanted topic is left. */
  leaveAtMs: number;
}

const PAGE = 1_000;
const RETRY_MS = 500;

/**
 * The topics this node has an interest in, kept in step with the directory. Joins and leaves are batched by what is in flight and never overlap, so
 * their order in the directory is the order of the decisions.
 *
 * A join that fails (the bus is away) does not fail the sign-in that wanted it: messages then arrive by reading the store's tail; the join is tried
 * again and `onLateJoin` asks for a head check afterwards. Bounded by the local users and their groups.
 */
export class TopicInterest {
  readonly #directory: Directory;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #leaveGraceMs: number;
  readonly #onLateJoin: () => void;
  readonly #topics = new Map<Topic, TopicState>();
  readonly #unwanted = new Set<Topic>();
  #queue: { topics: Topic[]; done: Promise<void> } | null = null;
  #work: Promise<void> = Promise.resolve();
  #joins = 0;
  #late = new Set<Topic>();
  #cancelRetry: (() => void) | null = null;
  #stopped = false;

  constructor(deps: {
    directory: Directory;
    clock: Clock;
    log: Log;
    leaveGraceMs: number;
    onLateJoin: () => void;
  }) {
    this.#directory = deps.directory;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#leaveGraceMs = deps.leaveGraceMs;
    this.#onLateJoin = deps.onLateJoin;
  }

  get size(): number {
    return this.#topics.size;
  }

  /** A mark in time: joins completed so far. */
  get stamp(): number {
    return this.#joins;
  }

  /** Whether the topic's join was complete when `stamp` was taken: only then does a read begun after that see what its publications may miss. */
  joinedBefore(topic: Topic, stamp: number): boolean {
    const joinedAt = this.#topics.get(topic)?.joinedAt ?? 0;
    return joinedAt !== 0 && joinedAt <= stamp;
  }

  /** Resolves when all topics are joined, or their join has failed and is being tried again. Never rejects. */
  async want(topics: readonly Topic[]): Promise<void> {
    const missing: Topic[] = [];
    for (const topic of topics) {
      const state = this.#topics.get(topic);
      if (state === undefined) this.#topics.set(topic, { wanted: true, joinedAt: 0, leaveAtMs: 0 });
      else if (!state.wanted) {
        state.wanted = true;
        this.#unwanted.delete(topic);
      }
      if (state === undefined || state.joinedAt === 0) missing.push(topic);
    }
    if (missing.length > 0) await this.#enqueueJoin(missing);
  }

  /** The last local interest is gone; the topic is left after a grace, unless it is wanted again. */
  unwant(topic: Topic): void {
    const state = this.#topics.get(topic);
    if (state === undefined || !state.wanted) return;
    state.wanted = false;
    state.leaveAtMs = this.#clock.nowMs() + this.#leaveGraceMs;
    this.#unwanted.add(topic);
  }

  /** Leaves what has been unwanted for long enough. Called about once a second. */
  sweep(): void {
    const now = this.#clock.nowMs();
    let page: Topic[] = [];
    for (const topic of this.#unwanted) {
      if ((this.#topics.get(topic)?.leaveAtMs ?? 0) > now) break;
      this.#unwanted.delete(topic);
      this.#topics.delete(topic);
      this.#late.delete(topic);
      if (page.push(topic) < PAGE) continue;
      this.#leave(page);
      page = [];
    }
    if (page.length > 0) this.#leave(page);
  }

  /**
   * For a node that is about to give up all its entries at once: resolves when the grace of every topic that is unwanted by now is over, so that those
   * who connect elsewhere meanwhile were never absent (G9). At most `leaveGraceMs`; at once when nobody has left of late.
   */
  async linger(): Promise<void> {
    let untilMs = this.#clock.nowMs();
    for (const topic of this.#unwanted) untilMs = Math.max(untilMs, this.#topics.get(topic)?.leaveAtMs ?? 0);
    const waitMs = untilMs - this.#clock.nowMs();
    if (waitMs > 0) await new Promise<void>((resolve) => this.#clock.after(waitMs, resolve));
  }

  /** Joins everything again under the bus's new incarnation. Rejects when that fails: the bus then starts over. */
  async rejoin(): Promise<void> {
    let failure: unknown = null;
    await this.#enqueue(async () => {
      // Listed only now: a join that was waiting before this one may have failed, also of a topic that was not there when this was called.
      const all = [...this.#topics.keys()];
      try {
        for (let at = 0; at < all.length; at += PAGE) await this.#join(all.slice(at, at + PAGE));
        this.#late.clear();
      } catch (error) {
        failure = error;
      }
    });
    if (failure !== null) throw failure;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRetry?.();
  }

  #leave(topics: readonly Topic[]): void {
    this.#enqueue(async () => {
      const still = topics.filter((topic) => !this.#topics.has(topic));
      try {
        if (still.length > 0) await this.#directory.leave(still);
      } catch (error) {
        this.#log.warn({ err: error, topics: still.length }, 'topics could not be left; trying again');
        this.#keepUnwanted(still);
      }
    });
  }

  /** An entry that stayed would show a user that has gone as long as this node lives (G9): the next sweep leaves it again. */
  #keepUnwanted(topics: readonly Topic[]): void {
    const leaveAtMs = this.#clock.nowMs();
    for (const topic of topics) {
      if (this.#topics.has(topic)) continue;
      this.#topics.set(topic, { wanted: false, joinedAt: 0, leaveAtMs });
      this.#unwanted.add(topic);
    }
  }

  #enqueueJoin(topics: readonly Topic[]): Promise<void> {
    if (this.#queue === null) {
      const queue = { topics: [] as Topic[], done: Promise.resolve() };
      this.#queue = queue;
      queue.done = this.#enqueue(async () => {
        this.#queue = null;
        await this.#joinOrRetry(queue.topics);
      });
    }
    this.#queue.topics.push(...topics);
    return this.#queue.done;
  }

  async #joinOrRetry(topics: readonly Topic[]): Promise<void> {
    const missing = topics.filter((topic) => this.#topics.get(topic)?.joinedAt === 0);
    try {
      for (let at = 0; at < missing.length; at += PAGE) await this.#join(missing.slice(at, at + PAGE));
    } catch (error) {
      this.#log.warn({ err: error, topics: missing.length }, 'topics could not be joined; trying again');
      for (const topic of missing) this.#late.add(topic);
      this.#scheduleRetry();
    }
  }

  async #join(topics: readonly Topic[]): Promise<void> {
    if (topics.length === 0) return;
    await this.#directory.join(topics);
    const stamp = ++this.#joins;
    for (const topic of topics) {
      const state = this.#topics.get(topic);
      if (state) state.joinedAt = stamp;
    }
  }

  #scheduleRetry(): void {
    if (this.#cancelRetry !== null || this.#stopped) return;
    this.#cancelRetry = this.#clock.after(RETRY_MS, () => {
      this.#cancelRetry = null;
      const late = [...this.#late];
      this.#late = new Set();
      void this.#enqueueJoin(late).then(() => {
        if (this.#late.size === 0) this.#onLateJoin();
      });
    });
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(task);
    return this.#work;
  }
}
