import { BusCalm } from '../bus/bus-calm.ts';
import { TopicInterest } from '../bus/topic-interest.ts';
import type { BusEvents } from '../ports/bus.ts';
import type { ConversationReader } from '../ports/conversation-reader.ts';
import type { Watcher } from '../presence/presence-table.ts';
import { PresenceWatch } from '../presence/presence-watch.ts';
import { type ChatNodeSettings, DEFAULT_SETTINGS } from '../settings.ts';
import { type TimeUs, type UserId, userTopic } from '../types.ts';
import { FakeClock } from './fake-clock.ts';
import { Random } from './random.ts';
import { SeededNetwork } from './seeded-network.ts';
import type { SeededNode } from './seeded-node.ts';
import { CountingTelemetry, silentLog } from './test-doubles.ts';

export interface ToldUser {
  readonly user_id: UserId;
  readonly online: boolean;
  readonly last_seen: string | null;
}

/** A session that watches, and keeps what it was told. */
export class TestWatcher implements Watcher {
  readonly userId: UserId;
  closed = false;
  readonly frames: ToldUser[][] = [];
  onFrame: (() => void) | null = null;

  constructor(userId: UserId) {
    this.userId = userId;
  }

  notify(frame: string): void {
    const { type, users } = JSON.parse(frame) as { type: string; users: ToldUser[] };
    if (type !== 'presence') throw new Error(`an unexpected frame: ${frame}`);
    this.frames.push(users);
    this.onFrame?.();
  }

  /** All news so far, as `3 online`, `4 offline`. */
  get news(): string[] {
    return this.frames.flat().map((user) => `${user.user_id} ${user.online ? 'online' : 'offline'}`);
  }
}

/** What the store would say: everybody is acquainted, unless `strangers` has the pair. */
export class TestReader implements Pick<ConversationReader, 'acquainted' | 'lastSeen'> {
  readonly times = new Map<UserId, TimeUs>();
  readonly strangers = new Set<string>();
  acquaintedReads = 0;
  lastSeenReads = 0;
  failing = false;

  async acquainted(userId: UserId, others: readonly UserId[]): Promise<Set<UserId>> {
    this.acquaintedReads++;
    this.#check('acquainted', others.length, 100);
    return new Set(others.filter((other) => !this.strangers.has(`${userId}>${other}`)));
  }

  async lastSeen(userIds: readonly UserId[]): Promise<Map<UserId, TimeUs | null>> {
    this.lastSeenReads++;
    this.#check('lastSeen', userIds.length, 1_000);
    return new Map(userIds.map((userId) => [userId, this.times.get(userId) ?? null]));
  }

  #check(what: string, count: number, max: number): void {
    if (count > max) throw new Error(`${what} of ${count} users, at most ${max}`);
    if (this.failing) throw new Error('the store is away');
  }
}

/** What matters of one node: its bus, its interest in its users, and its presence. */
export class PresenceNode {
  readonly network: SeededNode;
  readonly presence: PresenceWatch;
  readonly #bench: PresenceBench;
  readonly #interest: TopicInterest;
  readonly #calm: BusCalm;
  readonly #cancelSweep: () => void;

  constructor(bench: PresenceBench, settings: ChatNodeSettings) {
    const { clock } = bench;
    this.#bench = bench;
    this.network = bench.network.createNode();
    const { directory } = this.network;
    const { leaveGraceMs } = settings;
    const onLateJoin = (): void => undefined;
    this.#interest = new TopicInterest({ directory, clock, log: silentLog, leaveGraceMs, onLateJoin });
    this.#calm = new BusCalm(clock);
    this.presence = new PresenceWatch({
      ...{ directory, reader: bench.reader, calm: this.#calm, clock, log: silentLog, settings },
      telemetry: new CountingTelemetry(),
    });
    this.#cancelSweep = clock.every(1_000, () => this.#interest.sweep());
  }

  start(): Promise<void> {
    const events: BusEvents = {
      onEnvelope: () => undefined,
      onLoss: () => undefined,
      onRejoin: async () => {
        this.#calm.lost();
        await this.#interest.rejoin();
        this.#calm.joined();
      },
      onDown: () => this.#calm.lost(),
      onNodeDead: () => undefined,
      lastMessageId: () => 0,
    };
    return this.network.bus.start(events);
  }

  /** First connections of these users to this node. */
  connect(userIds: readonly UserId[]): Promise<void> {
    return this.#interest.want(userIds.map(userTopic));
  }

  /** Their last connections to this node have ended. */
  disconnect(userIds: readonly UserId[]): void {
    for (const userId of userIds) {
      this.#interest.unwant(userTopic(userId));
      this.#bench.reader.times.set(userId, this.#bench.clock.nowUs());
    }
  }

  /** As a drained node ends: it stays for those who connect elsewhere now. */
  async leave(): Promise<void> {
    await this.#interest.linger();
    await this.end();
  }

  /** The entries are gone at once. */
  async end(): Promise<void> {
    this.#halt();
    await this.network.bus.stop();
  }

  kill(): void {
    this.#halt();
    this.network.kill();
  }

  #halt(): void {
    this.#cancelSweep();
    this.#interest.stop();
    this.presence.stop();
  }
}

/** Nodes that share a seeded network, on a fake clock: presence and what it rests on, without sessions. */
export class PresenceBench {
  readonly clock = new FakeClock();
  readonly reader = new TestReader();
  readonly random: Random;
  readonly network: SeededNetwork;
  readonly #settings: ChatNodeSettings;
  readonly #nodes: PresenceNode[] = [];

  constructor(
    seed: number,
    options: { readonly settings?: Partial<ChatNodeSettings>; readonly maxDelayMs?: number } = {},
  ) {
    this.random = new Random(seed);
    const { clock, random } = this;
    this.network = new SeededNetwork({ random, clock, maxDelayMs: options.maxDelayMs ?? 5 });
    this.#settings = { ...DEFAULT_SETTINGS, ...options.settings };
  }

  async startNode(): Promise<PresenceNode> {
    const node = new PresenceNode(this, this.#settings);
    this.#nodes.push(node);
    await this.until(node.start());
    return node;
  }

  /** Moves time on until the promise is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    const marked = promise.finally(() => {
      done = true;
    });
    marked.catch(() => undefined);
    for (let turn = 0; !done && turn < 10_000; turn++) await this.clock.advanceAsync(5);
    return marked;
  }

  /** A session of a node that watches these users. */
  async watcher(node: PresenceNode, userId: UserId, watched: readonly UserId[]): Promise<TestWatcher> {
    const watcher = new TestWatcher(userId);
    for (let at = 0; at < watched.length; at += 100) {
      const answer = await this.until(node.presence.watch(watcher, watched.slice(at, at + 100)));
      if (answer.kind !== 'known') throw new Error(`watching was answered ${answer.kind}`);
    }
    return watcher;
  }

  async stop(): Promise<void> {
    for (const node of this.#nodes) await this.until(node.end());
  }
}

export const idsFrom = (first: UserId, count: number): UserId[] => Array.from({ length: count }, (_, at) => first + at);
