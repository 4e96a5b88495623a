import { type MessagePublication, retained, type StatusPublication } from '../bus/publication.ts';
import type { MemberCursor } from '../ports/conversation-reader.ts';
import type { LocalUser } from '../session/local-user.ts';
import { MAX_BYTES_AT_ONCE } from '../socket-limits.ts';
import { STORE_LIMITS } from '../store-limits.ts';
import { type ConversationId, type ConversationKind, groupTopic, type Seq, type Topic, type UserId } from '../types.ts';
import { FeedStatus } from './feed-status.ts';

/** A feed that does not know yet where live delivery starts. */
const UNKNOWN = -1;
/** Shared by all feeds without a local member; never written to. */
const NOBODY: LocalUser[] = [];

/** Senders that are remembered of one group, those who have left included. */
const MAX_SENDERS = 4 * STORE_LIMITS.maxGroupMembers;

/** What a feed asks of its hub. */
export interface FeedOwner {
  readonly maxHeld: number;
  /** An event that changes the members has been handed out, to those who leave too. */
  membersChanged(feed: ConversationFeed, event: MessagePublication): void;
}

/**
 * One conversation on one node: turns publications, which may be lost, doubled or overtaken, into every message once and in order (G5).
 *
 * Invariants: everything up to `position` has been handed to the recipients (or was covered by what they read themselves); what is held is
 * above `position`; `knownHead >= position`. A gap (`knownHead > position` with a known position) is filled from the store by `FeedRepair`.
 */
export class ConversationFeed {
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  /** Null for a personal conversation, which comes to the inboxes of its users. */
  readonly groupTopic: Topic | null;
  /** The two users of a personal conversation, [0, 0] for a group. */
  readonly members: readonly [UserId, UserId];
  /** The members' version up to which every local member is known to be one: events up to it were handed out to all of them, in order. */
  #commonVersion: number;
  /** The newest members' version that this node has heard of. */
  #knownVersion: number;
  /** Members whose standing was read from the store at a newer version than the common one. Bounded by the local members. */
  #verified: Map<UserId, number> | null = null;
  /** The hub's count of feeds when this one was made: it takes what is published from then on. */
  readonly bornAt: number;
  /** None, or one: an array that is shared with other feeds. */
  #users: LocalUser[] = NOBODY;
  /** Who keeps the feed alive without being attached yet. */
  pins = 0;
  #position: Seq = UNKNOWN;
  #knownHead: Seq = 0;
  #held: Map<Seq, MessagePublication> | null = null;
  #heldBytes = 0;
  /** Who has sent what up to here is not known: anybody, perhaps. */
  #sendersKnownAfter: Seq = 0;
  /** Of the last event handed out that changed the members. */
  #changedSeq: Seq = 0;
  #status: FeedStatus | null = null;
  /** Groups: the last message of each sender behind that. At the bound, which only members that come and go can reach, it is forgotten. */
  #lastSent: Map<UserId, Seq> | null = null;
  readonly #owner: FeedOwner;

  constructor(
    conversation: Pick<ConversationFeed, 'conversationId' | 'kind' | 'members' | 'bornAt'> & {
      readonly membersVersion: number;
    },
    owner: FeedOwner,
  ) {
    this.conversationId = conversation.conversationId;
    this.kind = conversation.kind;
    this.members = conversation.members;
    this.groupTopic = conversation.kind === 'group' ? groupTopic(conversation.conversationId) : null;
    this.#commonVersion = conversation.membersVersion;
    this.#knownVersion = conversation.membersVersion;
    this.bornAt = conversation.bornAt;
    this.#owner = owner;
  }

  /** Local members. */
  get users(): readonly LocalUser[] {
    return this.#users;
  }

  /** The socket of a local member has much to take before it can take more. */
  get congested(): boolean {
    return this.#users.some((user) => user.recipients.some((recipient) => recipient.congested));
  }

  attach(user: LocalUser): void {
    if (this.#users.length === 0) this.#users = user.alone;
    else if (this.#users.length === 1) this.#users = [...this.#users, user];
    else this.#users.push(user);
  }

  detach(user: LocalUser): void {
    const others =
      this.#users.length === 1 && this.#users[0] === user ? NOBODY : this.#users.filter((other) => other !== user);
    this.#users = others.length === 1 && others[0] !== undefined ? others[0].alone : others;
  }

  /** Highest seq handed out; 0 while nothing was or the start is not known. */
  get position(): Seq {
    return Math.max(0, this.#position);
  }

  get knownHead(): Seq {
    return this.#knownHead;
  }

  get started(): boolean {
    return this.#position !== UNKNOWN;
  }

  get hasGap(): boolean {
    return this.#position !== UNKNOWN && this.#knownHead > this.#position;
  }

  /** Live delivery begins behind `seq`: everything up to it is read from the store by who needs it. Only the first call counts. */
  start(seq: Seq): void {
    if (this.#position !== UNKNOWN) return;
    this.#position = seq;
    this.#sendersKnownAfter = seq;
    this.#knownHead = Math.max(this.#knownHead, seq);
    for (const held of this.#held?.values() ?? []) if (held.seq <= seq) this.#release(held);
    this.#releaseHeld();
  }

  /** The store has messages up to `seq`. */
  noteHead(seq: Seq): void {
    if (seq > this.#knownHead) this.#knownHead = seq;
  }

  /** Takes one message from wherever it comes; hands out what is next in order. @returns how many sockets got a frame */
  accept(publication: MessagePublication): number {
    const { seq } = publication;
    if (seq > this.#knownHead) this.#knownHead = seq;
    if (this.#position === UNKNOWN || seq > this.#position + 1) {
      this.#hold(publication);
      return 0;
    }
    if (seq <= this.#position) return 0;
    const delivered = this.#handOut(publication);
    return this.#held === null ? delivered : delivered + this.#releaseHeld();
  }

  /** The members' version that the user's membership was checked against: what its appends are held to (G7). */
  versionFor(userId: UserId): number {
    return this.#verified?.get(userId) ?? this.#commonVersion;
  }

  /** The user was a member at this version, by the store's word. */
  verify(userId: UserId, membersVersion: number): void {
    this.noteVersion(membersVersion);
    if (membersVersion <= this.#commonVersion) return;
    this.#verified ??= new Map();
    this.#verified.set(userId, membersVersion);
  }

  /** Such a version exists; who is a member then is not known here. */
  noteVersion(membersVersion: number): void {
    if (membersVersion > this.#knownVersion) this.#knownVersion = membersVersion;
  }

  forget(userId: UserId): void {
    this.#verified?.delete(userId);
  }

  /** A row of the members that was read at this head and version may be out of date: a change behind it has been handed out. */
  outdates(row: { readonly head: Seq; readonly membersVersion: number }): boolean {
    return row.membersVersion < this.#knownVersion || row.head < this.#changedSeq;
  }

  /** Tells the local senders concerned how far a member has come. @returns how many sockets were told */
  tellStatus(news: StatusPublication): number {
    if (!this.users.some((user) => user.recipients.some((recipient) => recipient.protocol === 'current'))) return 0;
    this.#status ??= new FeedStatus();
    const lastSent = this.#lastSent;
    const concerns = (userId: UserId, afterSeq: Seq): boolean =>
      this.kind === 'personal' || (lastSent?.get(userId) ?? this.#sendersKnownAfter) > afterSeq;
    return this.#status.tell(news, this.users, concerns);
  }

  /** One member's present state, as a frame for a session that has been away. */
  presentStatus(cursor: MemberCursor): string {
    this.#status ??= new FeedStatus();
    return this.#status.present(cursor);
  }

  #handOut(publication: MessagePublication): number {
    this.#position = publication.seq;
    if (this.kind === 'group') this.#noteSender(publication);
    let delivered = 0;
    for (const user of this.users) {
      for (const recipient of user.recipients) {
        // The connection that sent it has its ack (L14).
        if (recipient.sessionId === publication.originSessionId) continue;
        recipient.deliver(this, publication);
        delivered++;
      }
    }
    if (publication.change !== null) {
      this.#changedSeq = publication.seq;
      this.#raiseCommon(publication.change.membersVersion);
      this.#owner.membersChanged(this, publication);
    }
    return delivered;
  }

  #noteSender({ senderId, seq }: MessagePublication): void {
    this.#lastSent ??= new Map();
    if (this.#lastSent.size >= MAX_SENDERS) {
      this.#lastSent.clear();
      this.#sendersKnownAfter = seq;
    }
    this.#lastSent.set(senderId, seq);
  }

  #raiseCommon(membersVersion: number): void {
    this.noteVersion(membersVersion);
    if (membersVersion <= this.#commonVersion) return;
    this.#commonVersion = membersVersion;
    for (const [userId, version] of this.#verified ?? []) if (version <= membersVersion) this.forget(userId);
  }

  /** It is handed out at once when the gap below is filled. Bounded: what does not fit is forgotten, `knownHead` remembers that it exists, and the repair reads it. */
  #hold(publication: MessagePublication): void {
    this.#held ??= new Map();
    const bytes = publication.frame.byteLength;
    if (this.#held.has(publication.seq) || this.#held.size >= this.#owner.maxHeld) return;
    if (this.#heldBytes + bytes > MAX_BYTES_AT_ONCE) return;
    this.#held.set(publication.seq, retained(publication));
    this.#heldBytes += bytes;
  }

  #releaseHeld(): number {
    let delivered = 0;
    for (let next = this.#held?.get(this.#position + 1); next; next = this.#held?.get(this.#position + 1)) {
      this.#release(next);
      delivered += this.#handOut(next);
    }
    if (this.#held?.size === 0) this.#held = null;
    return delivered;
  }

  #release(held: MessagePublication): void {
    this.#held?.delete(held.seq);
    this.#heldBytes -= held.frame.byteLength;
  }
}
