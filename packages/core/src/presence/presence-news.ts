import type { Clock } from '../ports/clock.ts';
import type { ConversationReader } from '../ports/conversation-reader.ts';
import type { Log, Telemetry } from '../ports/telemetry.ts';
import type { TimeUs, UserId } from '../types.ts';
import { encodePresence, encodePresenceUser } from '../wire/presence-frame.ts';
import type { PresenceTable, WatchedUser, WatchList } from './presence-table.ts';

const READ_PAGE = 1_000;
/** Users told in one turn of the event loop, over all watchers: about 10 ms. */
const USERS_PER_TURN = 10_000;
/** A user is found for at most this long after its last connection: the lease of a dead node (6 s), or the grace for a reconnect and a slow leaving. */
const PRESENCE_OUTLIVES_US = 8_000_000;

interface Telling {
  readonly list: WatchList;
  readonly users: readonly WatchedUser[];
}

/** What is said of a user after one look, the same to everybody. */
interface Word {
  readonly online: boolean;
  readonly json: string;
}

/**
 * When a user that is offline was last seen. The end of a session on a node that died is not in the store: then the time stands at which this node last
 * found the user, less what presence may outlive a connection, so that the time is never from before the session that ended.
 */
export function lastSeenOf(user: WatchedUser | undefined, stored: TimeUs | null | undefined): TimeUs | null {
  const found = user === undefined || user.lastFoundUs === 0 ? 0 : user.lastFoundUs - PRESENCE_OUTLIVES_US;
  const known = Math.max(found, stored ?? 0);
  return known === 0 ? null : known;
}

/** The stored times of any number of users, in pages. Rejects with a `StoreError`. */
export async function readLastSeen(
  reader: Pick<ConversationReader, 'lastSeen'>,
  userIds: readonly UserId[],
): Promise<Map<UserId, TimeUs | null>> {
  const times = new Map<UserId, TimeUs | null>();
  for (let at = 0; at < userIds.length; at += READ_PAGE) {
    for (const [userId, time] of await reader.lastSeen(userIds.slice(at, at + READ_PAGE))) times.set(userId, time);
  }
  return times;
}

/**
 * Tells the watchers what a look has changed: one frame for each, however many users it names (a node's death). When a lease ends in the middle of
 * a look, its users are gone half in this and half in the next: so a session is told who went offline one look later, once, when the next look
 * is likely to have more for it.
 */
export class PresenceNews {
  readonly #table: PresenceTable;
  readonly #reader: Pick<ConversationReader, 'lastSeen'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #telemetry: Pick<Telemetry, 'noticeTold'>;

  constructor(deps: {
    table: PresenceTable;
    reader: Pick<ConversationReader, 'lastSeen'>;
    clock: Clock;
    telemetry: Pick<Telemetry, 'noticeTold'>;
    log: Log;
  }) {
    this.#table = deps.table;
    this.#reader = deps.reader;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#telemetry = deps.telemetry;
  }

  /** After look number `look`. Never rejects. */
  async tell(look: number): Promise<void> {
    const words = new Map<WatchedUser, Word>();
    let tellings: Telling[] = [];
    let inTurn = 0;
    for (const list of [...this.#table.withNews]) {
      const users = this.#take(list, look);
      if (users.length === 0) continue;
      tellings.push({ list, users });
      inTurn += users.length;
      if (inTurn < USERS_PER_TURN) continue;
      await this.#say(tellings, words);
      tellings = [];
      inTurn = 0;
      await new Promise<void>((resolve) => this.#clock.defer(resolve));
    }
    if (tellings.length > 0) await this.#say(tellings, words);
  }

  /** @param words what was said of users before, after the same look */
  async #say(tellings: readonly Telling[], words: Map<WatchedUser, Word>): Promise<void> {
    const states = new Map<WatchedUser, boolean>();
    for (const { users } of tellings) {
      for (const user of users) if (words.get(user)?.online !== user.online) states.set(user, user.online);
    }
    const offline = [...states].flatMap(([user, online]) => (online ? [] : [user.userId]));
    const times = await this.#lastSeen(offline);
    for (const [user, online] of states) {
      const lastSeenUs = online ? null : lastSeenOf(user, times.get(user.userId));
      words.set(user, { online, json: encodePresenceUser({ userId: user.userId, online, lastSeenUs }) });
    }
    let told = 0;
    for (const { list, users } of tellings) {
      const said: string[] = [];
      for (const user of users) {
        const word = words.get(user);
        // What an answer has said meanwhile is newer, and who is not watched any more is not told of.
        if (word !== undefined && list.told.get(user.userId) === word.online) said.push(word.json);
      }
      if (said.length === 0 || list.watcher.closed) continue;
      list.watcher.notify(encodePresence(said));
      told++;
    }
    this.#telemetry.noticeTold('presence', told);
  }

  #take(list: WatchList, look: number): WatchedUser[] {
    if (list.answering > 0) return [];
    const wait = list.moreAfterLook === look && !list.held;
    const users: WatchedUser[] = [];
    for (const user of list.news) {
      const changed = list.told.get(user.userId) !== user.online;
      if (changed && wait && !user.online) continue;
      list.news.delete(user);
      if (!changed) continue;
      list.told.set(user.userId, user.online);
      users.push(user);
    }
    list.held = list.news.size > 0;
    if (!list.held) this.#table.withNews.delete(list);
    return users;
  }

  async #lastSeen(userIds: readonly UserId[]): Promise<Map<UserId, TimeUs | null>> {
    try {
      return await readLastSeen(this.#reader, userIds);
    } catch (error) {
      this.#log.warn(
        { err: error, users: userIds.length },
        'last-seen times could not be read; telling what is known here',
      );
      return new Map();
    }
  }
}
