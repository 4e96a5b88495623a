import type { ConversationId, Membership, User, UserId } from '../types.ts';

export type InitResult =
  | { readonly ok: true; readonly conversationId: ConversationId; readonly created: boolean }
  /** Some of the members are not users. */
  | { readonly ok: false; readonly unknown: readonly UserId[] };

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

  /** L12: the one conversation of the pair, created when absent, whoever asks and also when both ask at once. `a !== b`. */
  openPersonal(a: UserId, b: UserId): Promise<InitResult>;
  /** L5: a new group with these members (distinct, the creator among them, at most 1,000). Atomic. */
  createGroup(group: {
    readonly creatorId: UserId;
    readonly memberIds: readonly UserId[];
    readonly name: string;
    readonly description: string;
  }): Promise<InitResult>;

  /** All present memberships of the users (at most 256 users), with heads: what a node reads after it has joined the topics. */
  membershipsOf(userIds: readonly UserId[]): Promise<Membership[]>;
  /** The user's membership, present or past; null when there never was one. */
  membership(userId: UserId, conversationId: ConversationId): Promise<Membership | null>;
  /** Present members of the conversations (at most 256 conversations), as (user, conversation) memberships, only of `among` when given. */
  membersOf(conversationIds: readonly ConversationId[], among?: readonly UserId[]): Promise<Membership[]>;
}
