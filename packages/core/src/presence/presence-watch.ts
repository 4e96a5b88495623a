import type { BusCalm } from '../bus/bus-calm.ts';
import type { CancelTimer, Clock } from '../ports/clock.ts';
import type { ConversationReader } from '../ports/conversation-reader.ts';
import type { Directory } from '../ports/directory.ts';
import type { Log, Telemetry } from '../ports/telemetry.ts';
import type { ChatNodeSettings } from '../settings.ts';
import { type TimeUs, type UserId, userTopic } from '../types.ts';
import { encodePresence, encodePresenceUser, type PresenceState } from '../wire/presence-frame.ts';
import { AcquaintanceCheck } from './acquaintance-check.ts';
import { lastSeenOf, PresenceNews, readLastSeen } from './presence-news.ts';
import { PresenceTable, type WatchedUser, type Watcher, type WatchList } from './presence-table.ts';

/** Topics of one call of the directory; the node's publishing goes on between two. */
const PAGE = 1_000;

export type PresenceAnswer =
  /** In the order of the question. */
  | { readonly kind: 'known'; readonly users: readonly PresenceState[] }
  /** The session would watch more than `maxWatchesPerSession`: nothing has changed. */
  | { readonly kind: 'too_many' }
  /** This node's sessions together would watch more than `maxWatches`: nothing has changed. */
  | { readonly kind: 'full' }
  /** The directory does not answer, or cannot be believed yet about those it does not have: nothing has changed. */
  | { readonly kind: 'unknown'; readonly retryAfterMs: number };

type Settings = Pick<
  ChatNodeSettings,
  | 'presencePollMs'
  | 'presenceConfirmMs'
  | 'presenceHoldMs'
  | 'maxWatchesPerSession'
  | 'maxWatches'
  | 'acquaintanceCheckMs'
>;

/**
 * Who is online, for the sessions of this node that ask or watch (G9). The truth is the directory, whose entries live under leases: no goodbye is relied
 * on, and nothing is sent between nodes. One look at all watched users per period, in pages, one call at a time; no timer while nobody watches.
 *
 * - Online is told after the first look that finds the user.
 * - Offline is told when looks have missed the user for `presenceConfirmMs`. Topics are left only `leaveGraceMs` after the last connection, so a reconnect
 *   within that, on any node, is no event; the confirmation covers entries that vanish at once (a node that loses its lease and joins again, an
 *   emptied Redis).
 * - While the directory fails nobody is told offline, and looks before a failure do not count. Nor within `presenceHoldMs` after this node's bus
 *   was away, since the other nodes join again at about the same time. What changed meanwhile is told afterwards.
 * - A killed node: lease (6 s), next look (1 s), confirmation (2 s), perhaps one more look (`PresenceNews`): about 10 s of the 15 s of G9.
 *
 * Bounded by `maxWatchesPerSession` and `maxWatches`. Who may watch whom is decided before (handlers) and checked again now and then.
 */
export class PresenceWatch {
  readonly #directory: Pick<Directory, 'present'>;
  readonly #reader: Pick<ConversationReader, 'acquainted' | 'lastSeen'>;
  readonly #calm: Pick<BusCalm, 'forMs'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #settings: Settings;
  readonly #table = new PresenceTable();
  readonly #news: PresenceNews;
  readonly #acquaintances: AcquaintanceCheck;
  #cancel: CancelTimer | null = null;
  #looking = false;
  #stopped = false;
  #look = 0;
  /** When the last complete look began; 0: never. */
  #lookedUs: TimeUs = 0;
  /** Misses count from this look on. */
  #sureFrom = 0;

  constructor(deps: {
    directory: Pick<Directory, 'present'>;
    reader: Pick<ConversationReader, 'acquainted' | 'lastSeen'>;
    calm: Pick<BusCalm, 'forMs'>;
    clock: Clock;
    telemetry: Pick<Telemetry, 'noticeTold'>;
    log: Log;
    settings: Settings;
  }) {
    this.#directory = deps.directory;
    this.#reader = deps.reader;
    this.#calm = deps.calm;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#settings = deps.settings;
    const { reader, clock, telemetry, log } = deps;
    this.#news = new PresenceNews({ table: this.#table, reader, clock, telemetry, log });
    this.#acquaintances = new AcquaintanceCheck({
      table: this.#table,
      reader: deps.reader,
      clock: deps.clock,
      log: deps.log,
      periodMs: deps.settings.acquaintanceCheckMs,
      onEnded: (list, userIds) => this.#end(list, userIds),
    });
  }

  /** Pairs of a session and a user that it watches. */
  get watches(): number {
    return this.#table.watches;
  }

  /** How these distinct users (at most 100) are now. Rejects with a `StoreError`. */
  query(watcher: Watcher, userIds: readonly UserId[]): Promise<PresenceAnswer> {
    return this.#answer(watcher, userIds, false);
  }

  /** As `query`, and from then on the watcher is told of changes, until `unwatch` or `drop`. Users that it watches already stay watched. */
  watch(watcher: Watcher, userIds: readonly UserId[]): Promise<PresenceAnswer> {
    return this.#answer(watcher, userIds, true);
  }

  unwatch(watcher: Watcher, userIds: readonly UserId[]): void {
    const list = this.#table.list(watcher);
    if (list !== undefined) for (const userId of userIds) this.#table.unwatch(list, userId);
    this.#rest();
  }

  /** The session has ended. */
  drop(watcher: Watcher): void {
    this.#table.drop(watcher);
    this.#rest();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#cancel = null;
    this.#acquaintances.stop();
  }

  async #answer(watcher: Watcher, userIds: readonly UserId[], watch: boolean): Promise<PresenceAnswer> {
    const before = this.#table.list(watcher);
    const refused = watch ? this.#overBound(before, userIds) : null;
    if (refused !== null) return refused;
    const answered = new Set<WatchList>();
    const answering = (list: WatchList | undefined): void => {
      if (list === undefined || answered.has(list)) return;
      list.answering++;
      answered.add(list);
    };
    answering(before);
    try {
      const found = await this.#present(userIds);
      if (found === null) return { kind: 'unknown', retryAfterMs: this.#settings.presencePollMs };
      const nowUs = this.#clock.nowUs();
      for (const userId of found) {
        const user = this.#table.user(userId);
        if (user !== undefined) this.#table.found(user, nowUs);
      }
      const online = (userId: UserId): boolean => this.#table.user(userId)?.online ?? found.has(userId);
      const away = userIds.filter((userId) => !online(userId));
      const retryAfterMs = this.#settings.presenceHoldMs - this.#calm.forMs();
      if (retryAfterMs > 0 && away.some((userId) => this.#table.user(userId) === undefined)) {
        return { kind: 'unknown', retryAfterMs };
      }
      const times = await readLastSeen(this.#reader, away);
      // In one tick from here on.
      if (watch && !watcher.closed && !this.#stopped) {
        const refused = this.#overBound(this.#table.list(watcher), userIds);
        if (refused !== null) return refused;
        for (const userId of userIds) this.#table.watch(watcher, userId, found.has(userId), nowUs);
        this.#schedule();
        this.#acquaintances.start();
      }
      const list = this.#table.list(watcher);
      answering(list);
      const users = userIds.map((userId): PresenceState => {
        const isOnline = online(userId);
        if (list?.told.has(userId)) list.told.set(userId, isOnline);
        const lastSeenUs = isOnline ? null : lastSeenOf(this.#table.user(userId), times.get(userId));
        return { userId, online: isOnline, lastSeenUs };
      });
      return { kind: 'known', users };
    } finally {
      this.#clock.defer(() => {
        for (const list of answered) list.answering--;
      });
    }
  }

  #overBound(list: WatchList | undefined, userIds: readonly UserId[]): PresenceAnswer | null {
    const { maxWatchesPerSession, maxWatches } = this.#settings;
    const fresh = userIds.filter((userId) => !list?.told.has(userId)).length;
    if ((list?.told.size ?? 0) + fresh > maxWatchesPerSession) return { kind: 'too_many' };
    return this.#table.watches + fresh > maxWatches ? { kind: 'full' } : null;
  }

  /** Those of the users that the directory has; null when it does not answer. */
  async #present(userIds: readonly UserId[]): Promise<Set<UserId> | null> {
    try {
      const present = await this.#directory.present(userIds.map(userTopic));
      return new Set(userIds.filter((_, at) => present[at] === true));
    } catch (error) {
      this.#log.debug({ err: error }, 'the directory did not say who is online');
      return null;
    }
  }

  #schedule(): void {
    if (this.#cancel !== null || this.#looking || this.#stopped || this.#table.size === 0) return;
    this.#cancel = this.#clock.after(this.#settings.presencePollMs, () => {
      this.#cancel = null;
      void this.#lookAtAll();
    });
  }

  /** No timer while nobody watches. */
  #rest(): void {
    if (this.#table.size > 0) return;
    this.#cancel?.();
    this.#cancel = null;
    this.#acquaintances.stop();
  }

  async #lookAtAll(): Promise<void> {
    this.#looking = true;
    const look = ++this.#look;
    const beganUs = this.#clock.nowUs();
    const complete = await this.#findAll(look);
    if (complete) this.#lookedUs = beganUs;
    else this.#sureFrom = look + 1;
    if (complete && this.#calm.forMs() >= this.#settings.presenceHoldMs) this.#confirm(look);
    if (!this.#stopped) await this.#news.tell(look);
    this.#looking = false;
    this.#schedule();
  }

  /** @returns false when the directory failed, and the rest was not looked at */
  async #findAll(look: number): Promise<boolean> {
    const users = [...this.#table.users()];
    for (let at = 0; at < users.length && !this.#stopped; at += PAGE) {
      const page = users.slice(at, at + PAGE);
      try {
        const present = await this.#directory.present(page.map((user) => user.topic));
        const nowUs = this.#clock.nowUs();
        for (const [i, user] of page.entries()) {
          if (present[i] === true) this.#table.found(user, nowUs);
          else this.#table.miss(user, look, this.#lookedUs);
        }
      } catch (error) {
        this.#log.warn({ err: error, users: users.length }, 'the directory did not say who is online; looking again');
        return false;
      }
    }
    return true;
  }

  #confirm(look: number): void {
    const { presenceConfirmMs, presencePollMs } = this.#settings;
    // Looks are at least a period apart.
    const looks = Math.max(1, Math.ceil(presenceConfirmMs / presencePollMs));
    for (const user of this.#table.missed) {
      const missedFor = look - Math.max(user.missedSince, this.#sureFrom);
      if (missedFor >= looks) this.#table.gone(user);
      else if (missedFor === looks - 1) this.#expectMore(user, look);
    }
  }

  #expectMore(user: WatchedUser, look: number): void {
    for (const list of user.lists) list.moreAfterLook = look;
  }

  /** They share no conversation any more, or the watcher is blocked: the last it hears of them is that nothing is known. */
  #end(list: WatchList, userIds: readonly UserId[]): void {
    for (const userId of userIds) this.#table.unwatch(list, userId);
    const unknown = userIds.map((userId) => encodePresenceUser({ userId, online: false, lastSeenUs: null }));
    if (!list.watcher.closed) list.watcher.notify(encodePresence(unknown));
    this.#rest();
  }
}
