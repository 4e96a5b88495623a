import { encodeFrame } from '@parley/protocol';
import type { MessagePublication, Publication, TypingPublication } from '../bus/publication.ts';
import type { TopicInterest } from '../bus/topic-interest.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { LocalUser, type Recipient } from '../session/local-user.ts';
import type { ListedConversations } from '../sync/listed-conversations.ts';
import { type ConversationId, type Seq, type User, type UserId, userTopic } from '../types.ts';
import type { ConversationFeed, FeedOwner } from './conversation-feed.ts';
import type { FeedRepair } from './feed-repair.ts';
import { FeedTable } from './feed-table.ts';

/**
 * Everything on this node that wants messages: its users, their sessions, and the feeds of the conversations that they are in. The only way down:
 * publications of every node, this one included, come in through `receive`.
 * Bounded by the connections and their users' memberships.
 */
export class Hub implements FeedOwner {
  readonly #users = new Map<UserId, LocalUser>();
  readonly feeds: FeedTable;
  readonly #interest: TopicInterest;
  readonly #repair: FeedRepair;
  readonly #telemetry: Telemetry;
  readonly maxHeld: number;
  readonly #onJoined: (conversationId: ConversationId, users: readonly LocalUser[]) => void;
  readonly #onCheckAll: () => void;

  constructor(deps: {
    interest: TopicInterest;
    repair: FeedRepair;
    telemetry: Telemetry;
    maxHeld: number;
    onJoined: (conversationId: ConversationId, users: readonly LocalUser[]) => void;
    onCheckAll: () => void;
  }) {
    this.feeds = new FeedTable(deps.interest, this);
    this.#interest = deps.interest;
    this.#repair = deps.repair;
    this.#telemetry = deps.telemetry;
    this.maxHeld = deps.maxHeld;
    this.#onJoined = deps.onJoined;
    this.#onCheckAll = deps.onCheckAll;
  }

  get userCount(): number {
    return this.#users.size;
  }

  users(): IterableIterator<LocalUser> {
    return this.#users.values();
  }

  user(userId: UserId): LocalUser | undefined {
    return this.#users.get(userId);
  }

  feed(conversationId: ConversationId): ConversationFeed | undefined {
    return this.feeds.get(conversationId);
  }

  /** The user as this node knows it; the caller adds a recipient in the same tick. */
  localUser(user: User): LocalUser {
    let local = this.#users.get(user.id);
    if (local === undefined) {
      local = new LocalUser(user);
      this.#users.set(user.id, local);
    }
    local.name = user.name;
    return local;
  }

  addRecipient(user: LocalUser, recipient: Recipient): void {
    // Copied, since an array that is pushed to keeps room for more: most users have one connection.
    user.recipients = [...user.recipients, recipient];
  }

  removeRecipient(user: LocalUser, recipient: Recipient): void {
    const at = user.recipients.indexOf(recipient);
    if (at < 0) return;
    user.recipients.splice(at, 1);
    if (user.recipients.length > 0) return;
    for (const feed of user.feeds.values()) {
      feed.detach(user);
      feed.forget(user.id);
      this.feeds.drop(feed);
    }
    for (const feed of user.awaited ?? []) this.feeds.unpin(feed);
    user.feeds.clear();
    user.awaited = null;
    this.#users.delete(user.id);
    this.#interest.unwant(userTopic(user.id));
  }

  /** @returns false when the user was attached already */
  attach(user: LocalUser, feed: ConversationFeed): boolean {
    if (user.feeds.has(feed.conversationId)) return false;
    user.feeds.set(feed.conversationId, feed);
    user.enters(feed.conversationId);
    feed.attach(user);
    return true;
  }

  /**
   * Personal conversations that publications have brought since the user connected. For a session whose read of the memberships is through and did not
   * list them, they are younger than the read.
   */
  youngFeeds(user: LocalUser, listed: ListedConversations): ConversationFeed[] {
    for (const feed of user.awaited ?? []) {
      feed.start(0);
      this.attach(user, feed);
      // A head may have been announced while the feed did not know yet what it lacks.
      this.#repair.watch(feed);
      this.feeds.unpin(feed);
    }
    user.awaited = null;
    // The user is attached to all that are present.
    if (user.feeds.size === listed.present) return [];
    return [...user.feeds.values()].filter(
      ({ kind, conversationId }) => kind === 'personal' && listed.upto(conversationId) < 0,
    );
  }

  /** The store has messages up to `seq`: a feed that has less reads them. */
  noteHead(feed: ConversationFeed, seq: Seq): void {
    feed.noteHead(seq);
    this.#repair.watch(feed);
  }

  /** Takes publications that arrived together and hands them to the sockets within this tick. */
  receive(publications: readonly Publication[]): void {
    let delivered = 0;
    let statuses = 0;
    let typing = 0;
    for (const publication of publications) {
      switch (publication.type) {
        case 'message': {
          const feed = this.#feedOf(publication);
          if (feed === null) break;
          delivered += feed.accept(publication);
          this.#repair.watch(feed);
          break;
        }
        case 'head': {
          const feed = this.#feedOf(publication);
          if (feed === null) break;
          this.noteHead(feed, publication.seq);
          break;
        }
        case 'joined': {
          const local = this.#usersHere(publication.userIds);
          if (local.length > 0) this.#onJoined(publication.conversationId, local);
          break;
        }
        case 'check_all':
          this.#onCheckAll();
          break;
        case 'status':
          statuses += this.feeds.get(publication.conversationId)?.tellStatus(publication) ?? 0;
          break;
        case 'typing':
          typing += this.#tellTyping(publication);
          break;
      }
    }
    if (delivered > 0) this.#telemetry.frameDelivered(delivered);
    if (statuses > 0) this.#telemetry.noticeTold('status', statuses);
    if (typing > 0) this.#telemetry.noticeTold('typing', typing);
  }

  /** Whoever leaves has had the event and gets nothing behind it; whoever comes is read like any new membership (G7). */
  membersChanged(feed: ConversationFeed, { seq, change }: MessagePublication): void {
    for (const userId of change?.departed ?? []) {
      const user = this.#users.get(userId);
      if (user?.feeds.get(feed.conversationId) !== feed) continue;
      user.feeds.delete(feed.conversationId);
      user.leaves(feed.conversationId, seq);
      feed.detach(user);
      feed.forget(userId);
      for (const recipient of user.recipients) recipient.departed(feed, seq);
    }
    this.feeds.drop(feed);
    const joined = this.#usersHere(change?.joined ?? []);
    const fresh = joined.filter((user) => !user.feeds.has(feed.conversationId));
    if (fresh.length > 0) this.#onJoined(feed.conversationId, fresh);
  }

  /** A personal conversation has no feed here before its first message, but its members are known. @returns how many sockets were told */
  #tellTyping({ kind, conversationId, members, userId, active }: TypingPublication): number {
    const users =
      kind === 'group' ? this.feeds.get(conversationId)?.users : members.map((member) => this.#users.get(member));
    let sockets = 0;
    let frame: Uint8Array | null = null;
    for (const user of users ?? []) {
      if (user === undefined || user.id === userId) continue;
      for (const recipient of user.recipients) {
        if (recipient.protocol !== 'current') continue;
        frame ??= Buffer.from(
          encodeFrame({ type: 'typing', conv_id: conversationId, user_id: userId, active }),
          'utf8',
        );
        recipient.notify(frame);
        sockets++;
      }
    }
    return sockets;
  }

  /**
   * A live session has read all memberships of its user, so a personal conversation that it is not attached to is younger than that read: everything
   * in it is new to it. When all sessions concerned are still reading, the feed waits for them. A group without a feed has no local member yet:
   * `joined` or a head check brings it.
   */
  #feedOf(publication: MessagePublication | Extract<Publication, { type: 'head' }>): ConversationFeed | null {
    const known = this.feeds.get(publication.conversationId);
    if (publication.kind === 'group' || known?.users.length === 2) return known ?? null;
    const local = this.#usersHere(publication.members);
    if (local.length === 0) return null;
    const { conversationId, kind, members } = publication;
    const feed = this.feeds.feedFor(conversationId, kind, members, 1);
    for (const user of local) {
      if (user.feeds.has(conversationId) || user.awaited?.has(feed)) continue;
      if (user.recipients.every((recipient) => recipient.loading)) {
        user.awaited ??= new Set();
        user.awaited.add(feed);
        feed.pins++;
        continue;
      }
      feed.start(0);
      this.attach(user, feed);
      const range = { feed, afterSeq: 0, uptoSeq: feed.position, includeOwn: true };
      // Also when there is nothing in it yet: its devices are told of it.
      for (const recipient of user.recipients) if (!recipient.loading) recipient.catchUp([range]);
    }
    return feed;
  }

  /** Those that have a connection to this node. */
  #usersHere(userIds: readonly UserId[]): LocalUser[] {
    return userIds.map((id) => this.#users.get(id)).filter((user) => user !== undefined);
  }
}
