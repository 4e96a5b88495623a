import type { TopicInterest } from '../bus/topic-interest.ts';
import type { LocalUser, Recipient } from '../session/local-user.ts';
import { type ConversationId, type Membership, type Topic, userTopic } from '../types.ts';
import type { ConversationFeed } from './conversation-feed.ts';
import type { GroupHints } from './group-hints.ts';
import type { Hub } from './hub.ts';
import type { MembershipReader } from './membership-reader.ts';

/** Groups that a client says it is in, joined before its memberships are read. */
const MAX_EXPECTED_GROUPS = 1_000;
/** Rows that go out of date again and again while they are read, of a group whose members change all the time, are left for later. */
const MAX_ROUNDS = 10;

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
  /** Memberships that could not be read for sure, since the members change too fast: attached when they can be, of themselves. */
  readonly unsettled: readonly Membership[];
}

/** What has become of rows that were read. */
interface Settled {
  readonly present: LoadedConversation[];
  readonly departed: Membership[];
  readonly unsettled: Membership[];
}

/** A session that has just signed in. */
export type LoadingSession = Recipient & { readonly user: LocalUser };

/**
 * Join, then read (design, section 3): enters the user's topics in the directory, only then reads the memberships and heads, and attaches the user to
 * the feeds.
 */
export class MembershipLoader {
  readonly #reader: MembershipReader;
  readonly #interest: TopicInterest;
  readonly #hub: Hub;
  readonly #hints: GroupHints;
  readonly #onUnsettled: (rows: readonly Membership[]) => void;

  constructor(deps: {
    reader: MembershipReader;
    interest: TopicInterest;
    hub: Hub;
    hints: GroupHints;
    /** They could not be attached, and have to be admitted again later. */
    onUnsettled: (rows: readonly Membership[]) => void;
  }) {
    this.#reader = deps.reader;
    this.#interest = deps.interest;
    this.#hub = deps.hub;
    this.#hints = deps.hints;
    this.#onUnsettled = deps.onUnsettled;
  }

  mark(): ReadMark {
    return { joins: this.#interest.stamp, feeds: this.#hub.feeds.mark };
  }

  /**
   * For a session that already keeps live frames. Rejects with a `StoreError`. One read, when the topics of the user's groups
   * are joined before it: by other users here, or because the client has named them (`expectedGroups`).
   */
  async load(session: LoadingSession, expectedGroups: readonly ConversationId[]): Promise<LoadedUser> {
    const { user } = session;
    const named = [...new Set(expectedGroups.slice(0, MAX_EXPECTED_GROUPS))];
    // Those of other users here are joined anyway.
    const unknown = named.filter((id) => this.#hub.feed(id) === undefined);
    const believed = unknown.slice(0, this.#hints.take(user.id, unknown.length));
    const expected = believed.length === unknown.length ? named : believed;
    const pinned = expected.map((id) => this.#hub.feeds.pinGroup(id)).filter((feed) => feed !== null);
    let founded = believed.length;
    try {
      await this.#interest.want([userTopic(user.id), ...topicsOf(pinned)]);
      const mark = this.mark();
      const profile = await this.#reader.profile(user.id);
      const rows = profile?.memberships ?? [];
      if (believed.length > 0) {
        const own = new Set(rows.map((row) => row.conversationId));
        founded = believed.filter((id) => own.has(id)).length;
      }
      const departed = rows.filter((row) => row.leftSeq !== null);
      const present = departed.length === 0 ? rows : rows.filter((row) => row.leftSeq === null);
      const { present: conversations, unsettled, ...since } = await this.#settleAll(present, mark, session);
      const left = [...departed, ...since.departed];
      this.#bringDeparted(left, session);
      for (const row of left) conversations.push({ row, feed: this.#hub.feeds.departedFeed(row) });
      return { name: profile?.name ?? null, conversations, unsettled };
    } finally {
      this.#hints.confirm(user.id, founded);
      for (const feed of pinned) this.#hub.feeds.unpin(feed);
    }
  }

  /**
   * Of conversations that `load` did not list, those that the user was a member of and is no more, and those that it has joined (again) since. A read for
   * each thousand. Rejects with a `StoreError`.
   */
  async departed(
    user: LocalUser,
    conversationIds: readonly ConversationId[],
  ): Promise<{ readonly departed: readonly LoadedConversation[]; readonly joined: readonly Membership[] }> {
    const rows = await this.#reader.membershipsIn(user.id, conversationIds);
    const left = rows.filter((row) => row.leftSeq !== null);
    for (const row of left) user.leaves(row.conversationId, row.leftSeq ?? row.head);
    return {
      departed: left.map((row) => ({ row, feed: this.#hub.feeds.departedFeed(row) })),
      joined: rows.filter((row) => row.leftSeq === null),
    };
  }

  /**
   * For users that became members of a conversation while connected, or were blocked in it. Rejects with a `StoreError`.
   * @returns false when its members change too fast: the users are attached later
   */
  async admit(conversationId: ConversationId, users: readonly LocalUser[]): Promise<boolean> {
    const mark = this.mark();
    const userIds = users.map((user) => user.id);
    return this.attachNew(await this.#reader.membersOf(conversationId, userIds), mark);
  }

  /** As `admit`. Those who have left again before their membership could be read are brought what they were members for: nobody else tells them (G4, G7). */
  async admitJoined(conversationId: ConversationId, users: readonly LocalUser[]): Promise<void> {
    if (!(await this.admit(conversationId, users))) return;
    for (const user of users) {
      if (user.feeds.has(conversationId)) continue;
      this.#bringDeparted(await this.#reader.membershipsIn(user.id, [conversationId]), null);
    }
  }

  /**
   * To the sessions of those who were members while nothing was known of it here: all up to where they left.
   * @param session whose rows these are; null: anybody's
   */
  #bringDeparted(rows: readonly Membership[], session: LoadingSession | null): void {
    for (const row of rows) {
      const { conversationId, leftSeq } = row;
      const user = this.#hub.user(row.userId);
      if (user === undefined || leftSeq === null || user.feeds.has(conversationId)) continue;
      if (!user.leaves(conversationId, leftSeq) || row.deliveredSeq >= leftSeq) continue;
      const feed = this.#hub.feeds.departedFeed(row);
      const afterSeq = Math.max(row.joinedSeq, row.addedSeq);
      for (const recipient of user.recipients) {
        if (recipient === session) continue;
        recipient.catchUp([{ feed, afterSeq, uptoSeq: leftSeq, includeOwn: true }]);
        if (!recipient.loading) recipient.departed(feed, leftSeq);
      }
    }
  }

  /**
   * Attaches connected users to the conversations among `rows` that they were not attached to; their sessions read what they have missed. Of the others it
   * notes who is blocked.
   * @param mark taken before the read of the rows began. @returns false when some of them are attached later, since the members change too fast
   */
  async attachNew(rows: readonly Membership[], mark: ReadMark): Promise<boolean> {
    const fresh: Membership[] = [];
    for (const row of rows) {
      const user = this.#hub.user(row.userId);
      if (user?.feeds.has(row.conversationId)) user.noteBlock(row);
      else if (user !== undefined) fresh.push(row);
    }
    const { departed, unsettled } = await this.#settleAll(fresh, mark, null);
    this.#bringDeparted(departed, null);
    return unsettled.length === 0;
  }

  /**
   * Attaches the users of the rows. A row that may be out of date by now is read again first: of a group that this node did not listen to yet when the row
   * was read (topic not joined, or no feed to take what was published), or whose members are known to have changed since (G4, G7). The feeds are held
   * meanwhile, so the second reading of a row is good unless the members change once more; past ten rounds it is left for later.
   * @param session whose rows these are; null: anybody's
   */
  async #settleAll(rows: readonly Membership[], mark: ReadMark, session: LoadingSession | null): Promise<Settled> {
    const present: LoadedConversation[] = [];
    const departed: Membership[] = [];
    const unsettled: LoadedConversation[] = [];
    const pinned: ConversationFeed[] = [];
    const pin = (row: Membership): LoadedConversation => {
      const feed = this.#hub.feeds.pin(row.userId, row);
      pinned.push(feed);
      return { row, feed };
    };
    try {
      let open = rows.map(pin);
      for (let round = 0; open.length > 0; round++) {
        if (round === MAX_ROUNDS) {
          // Who is attached was handed out every change: the row is as good as its session says (it hears when the user leaves).
          for (const loaded of open) (this.#isAttached(loaded) ? present : unsettled).push(loaded);
          break;
        }
        const late: LoadedConversation[] = [];
        for (const loaded of open) {
          const isLate = (round === 0 && this.#isLate(loaded, mark)) || loaded.feed.outdates(loaded.row);
          if (!isLate && this.#settle(loaded, session)) present.push(loaded);
          else late.push(loaded);
        }
        if (late.length === 0) break;
        // The topics of the others are joined, and wanted as long as their feeds are there. A topic whose join fails is joined later, and a head check follows.
        await this.#interest.want(topicsOf(late.map(({ feed }) => feed)));
        open = [];
        for (const row of await this.#reader.again(late.map(({ row }) => row))) {
          if (row.leftSeq === null) open.push(pin(row));
          else if (row.deliveredSeq < row.leftSeq) departed.push(row);
        }
      }
    } finally {
      for (const feed of pinned) this.#hub.feeds.unpin(feed);
    }
    const isHere = ({ row }: LoadedConversation): boolean => this.#hub.user(row.userId) !== undefined;
    const waiting = unsettled.filter(isHere).map(({ row }) => row);
    if (waiting.length > 0) this.#onUnsettled(waiting);
    return { present, departed, unsettled: waiting };
  }

  #isAttached({ row, feed }: LoadedConversation): boolean {
    return this.#hub.user(row.userId)?.feeds.get(row.conversationId) === feed;
  }

  #isLate({ feed }: LoadedConversation, mark: ReadMark): boolean {
    if (feed.groupTopic === null) return false;
    return feed.bornAt > mark.feeds || !this.#interest.joinedBefore(feed.groupTopic, mark.joins);
  }

  /**
   * Within one tick: starts the feed, and if the user is new to it attaches it and lets all its sessions read everything since it became a member, but
   * not the history before that. (The one whose row it is takes the row's word instead.)
   * @returns false when what the feed has held meanwhile is a change behind the row (G7): it has to be read again
   */
  #settle({ row, feed }: LoadedConversation, session: LoadingSession | null): boolean {
    const user = this.#hub.user(row.userId);
    if (user === undefined) return true;
    feed.start(row.head);
    if (feed.outdates(row)) return false;
    this.#hub.noteHead(feed, row.head);
    feed.verify(row.userId, row.membersVersion);
    user.noteBlock(row);
    if (!this.#hub.attach(user, feed)) return true;
    for (const recipient of user.recipients) {
      if (recipient === session) continue;
      const afterSeq = Math.max(row.joinedSeq, row.addedSeq);
      recipient.catchUp([{ feed, afterSeq, uptoSeq: feed.position, includeOwn: true }]);
    }
    return true;
  }
}

function topicsOf(feeds: readonly ConversationFeed[]): Topic[] {
  const topics: Topic[] = [];
  for (const { groupTopic } of feeds) if (groupTopic !== null) topics.push(groupTopic);
  return topics;
}
