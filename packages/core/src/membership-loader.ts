import type { Hub } from './hub.ts';
import type { CatchUpRange, LocalUser } from './local-user.ts';
import type { ConversationStore } from './ports/conversation-store.ts';
import type { MessageStore } from './ports/message-store.ts';
import type { TopicInterest } from './topic-interest.ts';
import { type ConversationId, groupTopic, type Membership, type UserId, userTopic } from './types.ts';

const MAX_USERS_PER_READ = 256;
const MAX_HEADS_PER_READ = 1_000;

interface Batch {
  readonly users: Set<UserId>;
  readonly rows: Promise<Map<UserId, Membership[]>>;
}

/**
 * Join, then read (design, section 3): enters the user's topics in the directory, only then reads the memberships and heads, and attaches the user to
 * the feeds. Users that connect while a read is under way share the next one.
 */
export class MembershipLoader {
  readonly #conversations: Pick<ConversationStore, 'membershipsOf' | 'membersOf'>;
  readonly #messages: Pick<MessageStore, 'heads'>;
  readonly #interest: TopicInterest;
  readonly #hub: Hub;
  #next: Batch | null = null;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(deps: {
    conversations: Pick<ConversationStore, 'membershipsOf' | 'membersOf'>;
    messages: Pick<MessageStore, 'heads'>;
    interest: TopicInterest;
    hub: Hub;
  }) {
    this.#conversations = deps.conversations;
    this.#messages = deps.messages;
    this.#interest = deps.interest;
    this.#hub = deps.hub;
  }

  /** For a session that has just signed in and already collects live frames. @returns what is pending for the user. Rejects with a `StoreError`. */
  async load(user: LocalUser): Promise<CatchUpRange[]> {
    await this.#interest.want([userTopic(user.id)]);
    const stamp = this.#interest.stamp;
    const rows = (await this.#read(user.id)).get(user.id) ?? [];
    const ranges = await this.#attach(user, rows, stamp);
    const listed = new Set(rows.map((row) => row.conversationId));
    for (const feed of user.feeds.values()) {
      if (listed.has(feed.conversationId)) continue;
      // Brought by a publication while we read, and younger than the read: all of it is new.
      feed.start(0);
      if (feed.position > 0) ranges.push({ feed, afterSeq: 0, uptoSeq: feed.position, includeOwn: true });
    }
    return ranges;
  }

  /** For users that became members of a group while connected, or whose membership a head check found. */
  async admit(conversationId: ConversationId, users: readonly LocalUser[]): Promise<void> {
    const stamp = this.#interest.stamp;
    const rows = await this.#conversations.membersOf(
      [conversationId],
      users.map((user) => user.id),
    );
    await this.attachLive(rows, stamp);
  }

  /** Attaches connected users to conversations they were not attached to, and lets their sessions read what they have missed. */
  async attachLive(rows: readonly Membership[], stamp: number): Promise<void> {
    for (const row of rows) {
      const user = this.#hub.user(row.userId);
      if (user === undefined || user.feeds.has(row.conversationId)) continue;
      const ranges = await this.#attach(user, [row], stamp);
      for (const recipient of user.recipients) if (ranges.length > 0) recipient.catchUp(ranges);
    }
  }

  /** `stamp`: joins that were complete when the rows' read began. */
  async #attach(user: LocalUser, rows: readonly Membership[], stamp: number): Promise<CatchUpRange[]> {
    const gone = (): boolean => this.#hub.user(user.id) !== user;
    if (gone()) return [];
    const feeds = rows.map((row) => this.#hub.attach(user, row));
    const heads = new Map(rows.map((row) => [row.conversationId, row.head]));
    const groups = rows.filter((row) => row.kind === 'group').map((row) => row.conversationId);
    const late = groups.filter((id) => !this.#interest.joinedBefore(groupTopic(id), stamp));
    if (late.length > 0) {
      await this.#interest.want(late.map(groupTopic));
      for (let at = 0; at < late.length; at += MAX_HEADS_PER_READ) {
        for (const [id, head] of await this.#messages.heads(late.slice(at, at + MAX_HEADS_PER_READ)))
          heads.set(id, head);
      }
    }
    if (gone()) {
      // The user left while we read: the feeds went with it, the topics of its groups must too.
      for (const id of groups) if (this.#hub.feed(id) === undefined) this.#interest.unwant(groupTopic(id));
      return [];
    }
    const ranges: CatchUpRange[] = [];
    for (const [at, feed] of feeds.entries()) {
      const row = rows[at] as Membership;
      const head = heads.get(row.conversationId) ?? row.head;
      feed.start(head);
      this.#hub.noteHead(feed, head);
      // What the feed hands out from here on, the session gets live.
      const uptoSeq = Math.max(head, feed.position);
      const afterSeq = Math.max(row.joinedSeq, row.deliveredSeq);
      if (uptoSeq > afterSeq) ranges.push({ feed, afterSeq, uptoSeq, includeOwn: false });
    }
    return ranges;
  }

  #read(userId: UserId): Promise<Map<UserId, Membership[]>> {
    if (this.#next === null || this.#next.users.size >= MAX_USERS_PER_READ) {
      const users = new Set<UserId>();
      const previous = this.#reading;
      const rows = previous
        .catch(() => undefined)
        .then(() => {
          if (this.#next?.users === users) this.#next = null;
          return this.#conversations.membershipsOf([...users]);
        })
        .then(byUser);
      this.#reading = rows;
      this.#next = { users, rows };
    }
    this.#next.users.add(userId);
    return this.#next.rows;
  }
}

function byUser(rows: readonly Membership[]): Map<UserId, Membership[]> {
  const users = new Map<UserId, Membership[]>();
  for (const row of rows) {
    const list = users.get(row.userId);
    if (list === undefined) users.set(row.userId, [row]);
    else list.push(row);
  }
  return users;
}
