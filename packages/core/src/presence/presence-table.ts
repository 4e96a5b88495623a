import { type TimeUs, type Topic, type UserId, userTopic } from '../types.ts';

/** A session that watches users. */
export interface Watcher {
  readonly userId: UserId;
  /** The session has ended: it takes nothing any more and is not entered again. */
  readonly closed: boolean;
  /** One text frame of the current protocol. Never throws. */
  notify(frame: string): void;
}

/** What this node believes of one user that somebody here watches. */
export class WatchedUser {
  readonly userId: UserId;
  readonly topic: Topic;
  online: boolean;
  /** Number of the first look of a row of looks that did not find the user; 0 when the last one did, or nothing is expected. */
  missedSince = 0;
  /** The user was online then, as far as this node knows; 0: never. */
  lastFoundUs: TimeUs;
  readonly lists = new Set<WatchList>();

  constructor(userId: UserId, online: boolean, nowUs: TimeUs) {
    this.userId = userId;
    this.topic = userTopic(userId);
    this.online = online;
    this.lastFoundUs = online ? nowUs : 0;
  }
}

/** Whom one session watches, and what it was told last of each. */
export class WatchList {
  readonly watcher: Watcher;
  readonly told = new Map<UserId, boolean>();
  /** Users that may differ from what was told. */
  readonly news = new Set<WatchedUser>();
  /** The look behind which more of these users are likely to be offline, see `PresenceNews`. */
  moreAfterLook = 0;
  /** News was kept back once, to be told together with the next. */
  held = false;
  /** Answers to the session that are on their way: news must not overtake them. */
  answering = 0;

  constructor(watcher: Watcher) {
    this.watcher = watcher;
  }
}

/**
 * Who watches whom on this node. Bounded by its user, `PresenceWatch`: a user without watchers and a list without users are gone at once.
 * Changes are noted in the lists concerned; telling them is the business of `PresenceNews`.
 */
export class PresenceTable {
  readonly #users = new Map<UserId, WatchedUser>();
  readonly #lists = new Map<Watcher, WatchList>();
  /** Believed online, and missed by the last look. */
  readonly missed = new Set<WatchedUser>();
  readonly withNews = new Set<WatchList>();
  #watches = 0;

  /** Pairs of a session and a user. */
  get watches(): number {
    return this.#watches;
  }

  /** Distinct users. */
  get size(): number {
    return this.#users.size;
  }

  users(): IterableIterator<WatchedUser> {
    return this.#users.values();
  }

  lists(): IterableIterator<WatchList> {
    return this.#lists.values();
  }

  user(userId: UserId): WatchedUser | undefined {
    return this.#users.get(userId);
  }

  list(watcher: Watcher): WatchList | undefined {
    return this.#lists.get(watcher);
  }

  /** The session learns within this tick how the user is, `online` when this node did not know it before. @returns how the user is */
  watch(watcher: Watcher, userId: UserId, online: boolean, nowUs: TimeUs): WatchedUser {
    let list = this.#lists.get(watcher);
    if (list === undefined) {
      list = new WatchList(watcher);
      this.#lists.set(watcher, list);
    }
    let user = this.#users.get(userId);
    if (user === undefined) {
      user = new WatchedUser(userId, online, nowUs);
      this.#users.set(userId, user);
    }
    if (!list.told.has(userId)) this.#watches++;
    list.told.set(userId, user.online);
    user.lists.add(list);
    return user;
  }

  unwatch(list: WatchList, userId: UserId): void {
    if (!list.told.delete(userId)) return;
    this.#watches--;
    const user = this.#users.get(userId);
    if (user !== undefined) {
      list.news.delete(user);
      user.lists.delete(list);
      if (user.lists.size === 0) {
        this.#users.delete(userId);
        this.missed.delete(user);
      }
    }
    if (list.told.size === 0) {
      this.#lists.delete(list.watcher);
      this.withNews.delete(list);
    }
  }

  /** The session has ended. */
  drop(watcher: Watcher): void {
    const list = this.#lists.get(watcher);
    for (const userId of [...(list?.told.keys() ?? [])]) if (list !== undefined) this.unwatch(list, userId);
  }

  /** The directory has the user. */
  found(user: WatchedUser, nowUs: TimeUs): void {
    if (user.missedSince !== 0) {
      user.missedSince = 0;
      this.missed.delete(user);
    }
    if (user.online) return;
    user.online = true;
    user.lastFoundUs = nowUs;
    this.#changed(user);
  }

  /** Look number `look` did not find the user, who was there at `beforeUs` at the latest when the last one did. */
  miss(user: WatchedUser, look: number, beforeUs: TimeUs): void {
    if (!user.online || user.missedSince !== 0 || user.lists.size === 0) return;
    user.missedSince = look;
    user.lastFoundUs = Math.max(user.lastFoundUs, beforeUs);
    this.missed.add(user);
  }

  /** The user has been missed for long enough. */
  gone(user: WatchedUser): void {
    user.missedSince = 0;
    this.missed.delete(user);
    user.online = false;
    this.#changed(user);
  }

  #changed(user: WatchedUser): void {
    for (const list of user.lists) {
      list.news.add(user);
      this.withNews.add(list);
    }
  }
}
