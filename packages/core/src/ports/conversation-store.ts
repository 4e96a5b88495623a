import type { ConversationId, Membership, User, UserId } from '../types.ts';

/** What makes an init idempotent (G3): a client id, good for ever, of the user that asks. */
export interface InitRequest {
  readonly userId: UserId;
  /** 1 to 64 characters of ASCII; unique per user over both kinds of init. */
  readonly clientId: string;
  /** 1 to 64 characters of ASCII that differ when the requests differ, such as a hash of the request. */
  readonly digest: string;
}

/** A group to be made. */
export interface NewGroup {
  /** Its owner. */
  readonly creatorId: UserId;
  /** Distinct, the creator among them, at most 1,000. */
  readonly memberIds: readonly UserId[];
  readonly name: string;
  readonly description: string;
  /** Who is added later sees what was before. Default: false. */
  readonly history?: boolean;
  /** Of the creator. */
  readonly request?: InitRequest;
}

export type InitResult =
  | {
      readonly ok: true;
      readonly conversationId: ConversationId;
      /** False when the pair had a conversation already. Of a repeated request: as the first time. */
      readonly created: boolean;
      /** The request was made before; this is its first result. */
      readonly duplicate: boolean;
    }
  /** Some of the members are not users. */
  | { readonly ok: false; readonly unknown: readonly UserId[] }
  /** The client id was used for another request; nothing was stored. */
  | { readonly ok: false; readonly conflict: true };

/** A user as stored, with what a node must know to serve it. */
export interface UserProfile {
  readonly name: string;
  readonly memberships: readonly Membership[];
}

export interface SignInUser {
  readonly userId: UserId;
  /** The display name that the proof carries, or null to keep (or make up) the stored one. */
  readonly name: string | null;
}

/** Users, conversations and memberships. Reads are on the primary. Rejects with a `StoreError`, within a bounded time. */
export interface ConversationStore {
  /** The user, or null. */
  user(userId: UserId): Promise<User | null>;
  /**
   * Signs users in: creates those that are absent (named `name`, or `User <id>`), renames those whose `name` is given and differs. Idempotent, safe from many
   * nodes at once; a constant number of calls for any number of users without news. At most 256. @returns one per question, in their order
   */
  signInUsers(users: readonly SignInUser[]): Promise<User[]>;
  /** `signInUsers` for one. */
  ensureUser(userId: UserId, name: string | null): Promise<User>;
  /** Creates those of the users that are absent, as `User <id>`. At most 1,000. */
  ensureUsers(userIds: readonly UserId[]): Promise<void>;
  /** For `parley user`: all users by id, from `afterId`, at most `limit`. */
  listUsers(afterId: UserId, limit: number): Promise<User[]>;
  /** Sets the last time a user was seen; best effort, coalesced by the caller. */
  touchUsers(userIds: readonly UserId[], atUs: number): Promise<void>;

  /**
   * L12: the one conversation of the pair, created when absent, whoever asks and also when both ask at once. `a !== b`. With `request`, whose user is
   * one of the two, a repeat returns the first result (G3); the same transaction stores both.
   */
  openPersonal(a: UserId, b: UserId, request?: InitRequest): Promise<InitResult>;
  /** L5: atomic. With `request`, a repeat returns the first result (G3). */
  createGroup(group: NewGroup): Promise<InitResult>;
  /**
   * Blocks or unblocks: while blocked, `Membership.blocked` of `blockedId` is true in the pair's personal conversation, which is opened when absent. A
   * change bumps its members' version, so that no stale cache lets the other write. Idempotent. The two differ.
   */
  setBlocked(blockerId: UserId, blockedId: UserId, blocked: boolean): Promise<InitResult>;

  /** All present memberships of the users (at most 256 users), with heads: what a node reads after it has joined the topics. */
  membershipsOf(userIds: readonly UserId[]): Promise<Membership[]>;
  /**
   * One read: the users that exist, each with its present memberships and with those it has left of which something is still to be delivered
   * (`deliveredSeq < leftSeq`), by conversation, with heads. At most 256 users.
   */
  profilesOf(userIds: readonly UserId[]): Promise<Map<UserId, UserProfile>>;
  /** The user's membership, present or past; null when there never was one. */
  membership(userId: UserId, conversationId: ConversationId): Promise<Membership | null>;
  /** One read: the user's memberships, present or past, of these conversations (at most 1,000), in any order; those it never was a member of are absent. */
  membershipsIn(userId: UserId, conversationIds: readonly ConversationId[]): Promise<Membership[]>;
  /** Present members of the conversations (at most 256 conversations), as (user, conversation) memberships, only of `among` when given. */
  membersOf(conversationIds: readonly ConversationId[], among?: readonly UserId[]): Promise<Membership[]>;
}
