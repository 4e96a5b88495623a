import { Coalescer } from './coalescer.ts';
import type { ConversationFeed } from './conversation-feed.ts';
import type { Hub } from './hub.ts';
import type { LocalUser } from './local-user.ts';
import type { ConversationStore, UserProfile } from './ports/conversation-store.ts';
import { type MessageStore, StoreError } from './ports/message-store.ts';
import type { TopicInterest } from './topic-interest.ts';
import { type ConversationId, groupTopic, type Membership, type Seq, type UserId, userTopic } from './types.ts';

const MAX_USERS_PER_READ = 256;
const MAX_HEADS_PER_READ = 1_000;
/** Groups that a client says it is in, joined before its memberships are read. */
const MAX_EXPECTED_GROUPS = 1_000;
/** Conversations that a device has a cursor of without being a member. */
const MAX_DEPARTED = 100;
const MAX_CONCURRENT_READS = 16;
/** Rows that go out of date again and again while they are read: a group whose members change all the time. */
const MAX_ROUNDS = 20;

/** Taken before a read: what was joined, and which feeds were there to take what is published meanwhile. */
export interface ReadMark {
  readonly joins: number;
  readonly feeds: number;
}

/** A conversation of a user, with the feed that it is now attached to, or, of one that it has left, one that ends where it left. */
export interface LoadedConversation {
  readonly row: Membership;
  readonly feed: ConversationFeed;
}

export interface LoadedUser {
  /** The name as stored; null when the store does not know the user. */
  readonly name: string | null;
  readonly conversations: readonly LoadedConversation[];
}

type LoaderStore = Pick<ConversationStore, 'profilesOf' | 'membersOf' | 'membership'>;

/**
 * Join, then read (design, section 3): enters the user's topics in the directory, only then reads the memberships and heads, and attaches the user to
 * the feeds. Users that connect while a read is under way share the next one.
 */
export class MembershipLoader {
  readonly #conversations: LoaderStore;
  readonly #messages: Pick<MessageStore, 'heads'>;
  readonly #interest: TopicInterest;
  readonly #hub: Hub;
  readonly #profiles: Coalescer<UserId, UserProfile | null>;

  constructor(deps: {
    conversations: LoaderStore;
    messages: Pick<MessageStore, 'heads'>;
    interest: TopicInterest;
    hub: Hub;
  }) {
    this.#conversations = deps.conversations;
    this.#messages = deps.messages;
    this.#interest = deps.interest;
    this.#hub = deps.hub;
    this.#profiles = new Coalescer(MAX_USERS_PER_READ, async (userIds) => {
      const profiles = await this.#conversations.profilesOf([...new Set(userIds)]);
      return userIds.map((userId) => profiles.get(userId) ?? null);
    });
  }

  mark(): ReadMark {
    return { joins: this.#interest.stamp, feeds: this.#hub.mark };
  }

  /**
   * For a session that has just signed in and already keeps live frames. Rejects with a `StoreError`. One read, when the topics of the user's groups
   * are joined before it: by other users here, or because the client has named them (`expectedGroups`).
   */
  async load(user: LocalUser, expectedGroups: readonly ConversationId[]): Promise<LoadedUser> {
    const expected = expectedGroups.slice(0, MAX_EXPECTED_GROUPS);
    const pinned = expected.map((id) => this.#hub.pinGroup(id));
    try {
      await this.#interest.want([userTopic(user.id), ...expected.map(groupTopic)]);
      const mark = this.mark();
      const profile = await this.#profiles.ask(user.id);
      const rows = profile?.memberships ?? [];
      const present = rows.filter((row) => row.leftSeq === null);
      const departed = rows.filter((row) => row.leftSeq !== null);
      const settled = await this.#settleAll(present, mark);
      const left = [...departed, ...settled.departed].map((row) => ({ row, feed: this.#hub.departedFeed(row) }));
      return { name: profile?.name ?? null, conversations: [...settled.present, ...left] };
    } finally {
      for (const feed of pinned) this.#hub.unpin(feed);
    }
  }

  /** Those of the conversations that the user was a member of and is no more. At most 100 are looked for. Rejects with a `StoreError`. */
  async departed(user: LocalUser, conversationIds: readonly ConversationId[]): Promise<LoadedConversation[]> {
    const asked = conversationIds.slice(0, MAX_DEPARTED).map((conversationId) => ({ userId: user.id, conversationId }));
    const rows = (await this.#readAgain(asked)).filter((row) => row.leftSeq !== null);
    return rows.map((row) => ({ row, feed: this.#hub.departedFeed(row) }));
  }

  /** For users that became members of a conversation while connected. Rejects with a `StoreError`. */
  async admit(conversationId: ConversationId, users: readonly LocalUser[]): Promise<void> {
    const mark = this.mark();
    const userIds = users.map((user) => user.id);
    await this.attachNew(await this.#conversations.membersOf([conversationId], userIds), mark);
  }

  /**
   * Attaches connected users to the conversations among `rows` that they were not attached to; their sessions read what they have missed.
   * @param mark taken before the read of the rows began
   */
  async attachNew(rows: readonly Membership[], mark: ReadMark): Promise<void> {
    const fresh = rows.filter((row) => this.#hub.user(row.userId)?.feeds.has(row.conversationId) === false);
    await this.#settleAll(fresh, mark);
  }

  /** Attaches the users of the rows; a row that a change of the members has outdated meanwhile is read again (G7). */
  async #settleAll(
    rows: readonly Membership[],
    mark: ReadMark,
  ): Promise<{ readonly present: LoadedConversation[]; readonly departed: Membership[] }> {
    const present: LoadedConversation[] = [];
    const departed: Membership[] = [];
    let open = rows;
    let readMark = mark;
    for (let round = 0; open.length > 0; round++) {
      if (round === MAX_ROUNDS) {
        throw new StoreError('the members change too fast', { outcome: 'not_committed', retryable: true });
      }
      const outdated = await this.#settleRound(open, readMark, present);
      readMark = this.mark();
      open = [];
      for (const row of await this.#readAgain(outdated)) {
        if (row.leftSeq === null) open = [...open, row];
        else if (row.deliveredSeq < row.leftSeq) departed.push(row);
      }
    }
    return { present, departed };
  }

  /** @returns the rows that are out of date */
  async #settleRound(rows: readonly Membership[], mark: ReadMark, into: LoadedConversation[]): Promise<Membership[]> {
    const pinned = rows.map((row) => this.#hub.pin(row.userId, row));
    try {
      const heads = await this.#headsAfterJoin(rows, pinned, mark);
      const outdated: Membership[] = [];
      for (const [at, row] of rows.entries()) {
        const feed = pinned[at] as ConversationFeed;
        const user = this.#hub.user(row.userId);
        if (user === undefined) continue;
        if (feed.outdates(row)) outdated.push(row);
        else {
          this.#settle(user, feed, row, heads);
          into.push({ row, feed });
        }
      }
      return outdated;
    } finally {
      for (const feed of pinned) this.#hub.unpin(feed);
    }
  }

  async #readAgain(rows: readonly Pick<Membership, 'userId' | 'conversationId'>[]): Promise<Membership[]> {
    const again: Membership[] = [];
    for (let at = 0; at < rows.length; at += MAX_CONCURRENT_READS) {
      const page = rows.slice(at, at + MAX_CONCURRENT_READS);
      const found = await Promise.all(page.map((r) => this.#conversations.membership(r.userId, r.conversationId)));
      for (const row of found) if (row !== null) again.push(row);
    }
    return again;
  }

  /**
   * The heads of the rows' groups that may have missed a publication since their rows were read, read again now that nothing is missed any more: those
   * whose topic was not joined before the rows' read, and those that had no feed to take it.
   */
  async #headsAfterJoin(
    rows: readonly Membership[],
    feeds: readonly ConversationFeed[],
    mark: ReadMark,
  ): Promise<Map<ConversationId, Seq>> {
    const groups = new Set<ConversationId>();
    const late = new Set<ConversationId>();
    for (const [at, { kind, conversationId }] of rows.entries()) {
      if (kind !== 'group') continue;
      groups.add(conversationId);
      const bornAt = feeds[at]?.bornAt ?? Number.POSITIVE_INFINITY;
      const complete = bornAt <= mark.feeds && this.#interest.joinedBefore(groupTopic(conversationId), mark.joins);
      if (!complete) late.add(conversationId);
    }
    const heads = new Map<ConversationId, Seq>();
    // Also those that are joined: one may be in its grace before it is left.
    const joined = this.#interest.want([...groups].map(groupTopic));
    if (late.size === 0) return heads;
    await joined;
    const ids = [...late];
    for (let at = 0; at < ids.length; at += MAX_HEADS_PER_READ) {
      for (const [id, head] of await this.#messages.heads(ids.slice(at, at + MAX_HEADS_PER_READ))) heads.set(id, head);
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
    noteBlock(user, row);
    if (!this.#hub.attach(user, feed)) return;
    const range = { feed, afterSeq: row.joinedSeq, uptoSeq: feed.position, includeOwn: true };
    for (const recipient of user.recipients) recipient.catchUp([range]);
  }
}

function noteBlock(user: LocalUser, { conversationId, blocked }: Membership): void {
  if (blocked) user.blockedIn ??= new Set();
  if (blocked) user.blockedIn?.add(conversationId);
  else user.blockedIn?.delete(conversationId);
}
