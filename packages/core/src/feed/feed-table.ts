import { NO_MEMBERS } from '../bus/publication.ts';
import type { TopicInterest } from '../bus/topic-interest.ts';
import { type ConversationId, type ConversationKind, groupTopic, type Membership, type UserId } from '../types.ts';
import { ConversationFeed, type FeedOwner } from './conversation-feed.ts';

/**
 * The feeds of this node, one per conversation. A feed is there as long as a local user is attached to it or somebody has pinned it; with the last of them
 * the node's interest in the topic of a group ends. Bounded by the local users' memberships, and by what clients may name (`GroupHints`).
 */
export class FeedTable {
  readonly #feeds = new Map<ConversationId, ConversationFeed>();
  readonly #interest: TopicInterest;
  readonly #owner: FeedOwner;
  #made = 0;

  constructor(interest: TopicInterest, owner: FeedOwner) {
    this.#interest = interest;
    this.#owner = owner;
  }

  get size(): number {
    return this.#feeds.size;
  }

  /** A mark in time: a feed whose `bornAt` is at most this has taken what was published since. */
  get mark(): number {
    return this.#made;
  }

  get(conversationId: ConversationId): ConversationFeed | undefined {
    return this.#feeds.get(conversationId);
  }

  /** The feed of the conversation, made when absent. The caller attaches a user to it, or pins it, in the same tick. */
  feedFor(
    conversationId: ConversationId,
    kind: ConversationKind,
    members: ConversationFeed['members'],
    membersVersion: number,
  ): ConversationFeed {
    let feed = this.#feeds.get(conversationId);
    // A client has called it a group: nobody is attached to what was pinned for that.
    if (feed !== undefined && feed.kind !== kind) {
      this.#interest.unwant(groupTopic(conversationId));
      feed = undefined;
    }
    if (feed === undefined) {
      feed = new ConversationFeed({ conversationId, kind, members, membersVersion, bornAt: ++this.#made }, this.#owner);
      this.#feeds.set(conversationId, feed);
    }
    return feed;
  }

  /**
   * The feed of a conversation that a local user is a member of, kept alive until `unpin`: while its topic is joined and its head is read, it holds what
   * is published.
   */
  pin(userId: UserId, membership: Membership): ConversationFeed {
    const { conversationId, kind, peerId, membersVersion } = membership;
    const members = kind === 'group' || peerId === null ? NO_MEMBERS : pair(userId, peerId);
    const feed = this.feedFor(conversationId, kind, members, membersVersion);
    feed.noteVersion(membersVersion);
    feed.pins++;
    return feed;
  }

  /** As `pin`, for a group of which nothing is read yet, by the word of a client. @returns null for what is known to be none */
  pinGroup(conversationId: ConversationId): ConversationFeed | null {
    if (this.#feeds.get(conversationId)?.kind === 'personal') return null;
    const feed = this.feedFor(conversationId, 'group', NO_MEMBERS, 0);
    feed.pins++;
    return feed;
  }

  unpin(feed: ConversationFeed): void {
    feed.pins--;
    this.drop(feed);
  }

  /** A feed of its own for what a user that has left may still read: nothing is published to it, and it is not in the table. */
  departedFeed({ conversationId, kind, membersVersion, leftSeq, head }: Membership): ConversationFeed {
    const conversation = { conversationId, kind, members: NO_MEMBERS, membersVersion, bornAt: 0 };
    const feed = new ConversationFeed(conversation, this.#owner);
    feed.start(leftSeq ?? head);
    return feed;
  }

  /** Forgets the feed when nobody here needs it any more. */
  drop(feed: ConversationFeed): void {
    if (feed.users.length > 0 || feed.pins > 0 || this.#feeds.get(feed.conversationId) !== feed) return;
    this.#feeds.delete(feed.conversationId);
    if (feed.groupTopic !== null) this.#interest.unwant(feed.groupTopic);
  }
}

const pair = (a: UserId, b: UserId): readonly [UserId, UserId] => (a < b ? [a, b] : [b, a]);
