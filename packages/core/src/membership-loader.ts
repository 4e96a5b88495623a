import { Coalescer } from './coalescer.ts';
import type { ConversationFeed } from './conversation-feed.ts';
import type { Hub } from './hub.ts';
import type { CatchUpRange, LocalUser } from './local-user.ts';
import type { ConversationStore } from './ports/conversation-store.ts';
import type { MessageStore } from './ports/message-store.ts';
import type { TopicInterest } from './topic-interest.ts';
import { type ConversationId, groupTopic, type Membership, type Seq, type UserId, userTopic } from './types.ts';

const MAX_USERS_PER_READ = 256;
const MAX_HEADS_PER_READ = 1_000;

/**
 * Join, then read (design, section 3): enters the user's topics in the directory, only then reads the memberships and heads, and attaches the user to
 * the feeds. Users that connect while a read is under way share the next one.
 */
export class MembershipLoader {
  readonly #conversations: Pick<ConversationStore, 'membershipsOf' | 'membersOf'>;
  readonly #messages: Pick<MessageStore, 'heads'>;
  readonly #interest: TopicInterest;
  readonly #hub: Hub;
  readonly #memberships: Coalescer<UserId, Membership[]>;

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
    this.#memberships = new Coalescer(MAX_USERS_PER_READ, async (userIds) => {
      const rows = byUser(await this.#conversations.membershipsOf([...new Set(userIds)]));
      return userIds.map((userId) => rows.get(userId) ?? []);
    });
  }

  /**
   * For a session that has just signed in and already keeps live frames. Rejects with a `StoreError`.
   * @returns what is pending for the user, one range for each conversation that it is a member of
   */
  async load(user: LocalUser): Promise<CatchUpRange[]> {
    await this.#interest.want([userTopic(user.id)]);
    const stamp = this.#interest.stamp;
    const rows = await this.#memberships.ask(user.id);
    const pinned = rows.map((row) => this.#hub.pin(user.id, row));
    try {
      const heads = await this.#headsAfterJoin(rows, stamp);
      if (this.#hub.user(user.id) !== user) return [];
      return rows.map((row, at): CatchUpRange => {
        const feed = pinned[at] as ConversationFeed;
        this.#settle(user, feed, row, heads);
        // What is above the feed's position comes through the feed.
        const afterSeq = Math.max(row.joinedSeq, row.deliveredSeq);
        return { feed, afterSeq, uptoSeq: feed.position, includeOwn: false };
      });
    } finally {
      for (const feed of pinned) this.#hub.unpin(feed);
    }
  }

  /** For users that became members of a conversation while connected. Rejects with a `StoreError`. */
  async admit(conversationId: ConversationId, users: readonly LocalUser[]): Promise<void> {
    const stamp = this.#interest.stamp;
    const userIds = users.map((user) => user.id);
    await this.attachNew(await this.#conversations.membersOf([conversationId], userIds), stamp);
  }

  /**
   * Attaches connected users to the conversations among `rows` that they were not attached to; their sessions read what they have missed.
   * @param stamp the interest's when the read of the rows began
   */
  async attachNew(rows: readonly Membership[], stamp: number): Promise<void> {
    const fresh = rows.filter((row) => this.#hub.user(row.userId)?.feeds.has(row.conversationId) === false);
    if (fresh.length === 0) return;
    const pinned = fresh.map((row) => this.#hub.pin(row.userId, row));
    try {
      const heads = await this.#headsAfterJoin(fresh, stamp);
      for (const [at, row] of fresh.entries()) {
        const user = this.#hub.user(row.userId);
        if (user !== undefined) this.#settle(user, pinned[at] as ConversationFeed, row, heads);
      }
    } finally {
      for (const feed of pinned) this.#hub.unpin(feed);
    }
  }

  /**
   * The heads of the rows' groups whose topic was not joined when the rows were read, read again now that it is.
   * @param stamp joins that were complete when the rows' read began
   */
  async #headsAfterJoin(rows: readonly Membership[], stamp: number): Promise<Map<ConversationId, Seq>> {
    const groups = new Set(rows.filter((row) => row.kind === 'group').map((row) => row.conversationId));
    const late = [...groups].filter((id) => !this.#interest.joinedBefore(groupTopic(id), stamp));
    const heads = new Map<ConversationId, Seq>();
    // Also those that are joined: one may be in its grace before it is left.
    const joined = this.#interest.want([...groups].map(groupTopic));
    if (late.length === 0) return heads;
    await joined;
    for (let at = 0; at < late.length; at += MAX_HEADS_PER_READ) {
      for (const [id, head] of await this.#messages.heads(late.slice(at, at + MAX_HEADS_PER_READ))) heads.set(id, head);
    }
    return heads;
  }

  /**
   * Within one tick: starts the feed, and if the user is new to it attaches it and lets all its sessions read everything since it became a member. (A
   * session that is still loading takes its own row's word instead.)
   */
  #settle(user: LocalUser, feed: ConversationFeed, row: Membership, heads: ReadonlyMap<ConversationId, Seq>): void {
    const head = Math.max(row.head, heads.get(row.conversationId) ?? 0);
    feed.start(head);
    this.#hub.noteHead(feed, head);
    if (!this.#hub.attach(user, feed)) return;
    const range = { feed, afterSeq: row.joinedSeq, uptoSeq: feed.position, includeOwn: true };
    for (const recipient of user.recipients) recipient.catchUp([range]);
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
