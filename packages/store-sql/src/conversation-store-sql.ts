import {
  assertAtMost,
  type ConversationId,
  type ConversationStore,
  type InitRequest,
  type InitResult,
  type Membership,
  type NewGroup,
  type SignInUser,
  STORE_LIMITS,
  type User,
  type UserId,
  type UserProfile,
} from '@parley/core';
import type { Kysely } from 'kysely';
import { SqlInitStore } from './init-store-sql.ts';
import { selectMemberships, toMembership } from './membership-sql.ts';
import type { ProfileReader } from './profile-reader-sql.ts';
import type { ChatSchema } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';
import { guarded } from './transaction.ts';
import { SqlUserStore } from './user-store-sql.ts';

/** Users, conversations and memberships on both dialects. */
export class SqlConversationStore implements ConversationStore {
  readonly #db: Kysely<ChatSchema>;
  readonly #flavor: SqlFlavor;
  readonly #users: SqlUserStore;
  readonly #inits: SqlInitStore;
  readonly #profiles: ProfileReader;

  constructor(db: Kysely<ChatSchema>, flavor: SqlFlavor, profiles: ProfileReader) {
    this.#db = db;
    this.#flavor = flavor;
    this.#users = new SqlUserStore(db, flavor);
    this.#inits = new SqlInitStore(db, flavor, this.#users);
    this.#profiles = profiles;
  }

  user(userId: UserId): Promise<User | null> {
    return this.#users.user(userId);
  }

  signInUsers(users: readonly SignInUser[]): Promise<User[]> {
    return this.#users.signInUsers(users);
  }

  ensureUser(userId: UserId, name: string | null): Promise<User> {
    return this.#users.ensureUser(userId, name);
  }

  ensureUsers(userIds: readonly UserId[]): Promise<void> {
    return this.#users.ensureUsers(userIds);
  }

  listUsers(afterId: UserId, limit: number): Promise<User[]> {
    return this.#users.listUsers(afterId, limit);
  }

  touchUsers(userIds: readonly UserId[], atUs: number): Promise<void> {
    return this.#users.touchUsers(userIds, atUs);
  }

  openPersonal(a: UserId, b: UserId, request?: InitRequest): Promise<InitResult> {
    return this.#inits.openPersonal(a, b, request);
  }

  createGroup(group: NewGroup): Promise<InitResult> {
    return this.#inits.createGroup(group);
  }

  setBlocked(blockerId: UserId, blockedId: UserId, blocked: boolean): Promise<InitResult> {
    return this.#inits.setBlocked(blockerId, blockedId, blocked);
  }

  async profilesOf(userIds: readonly UserId[]): Promise<Map<UserId, UserProfile>> {
    assertAtMost('users', userIds.length, STORE_LIMITS.maxMembershipUsers);
    if (userIds.length === 0) return new Map();
    return guarded(this.#flavor, () => this.#profiles.profilesOf(userIds));
  }

  async membershipsOf(userIds: readonly UserId[]): Promise<Membership[]> {
    assertAtMost('users', userIds.length, STORE_LIMITS.maxMembershipUsers);
    if (userIds.length === 0) return [];
    const rows = await guarded(this.#flavor, () =>
      selectMemberships(this.#db)
        .where('m.user_id', 'in', [...new Set(userIds)])
        .where('m.left_seq', 'is', null)
        .orderBy('m.user_id')
        .orderBy('m.conversation_id')
        .execute(),
    );
    return rows.map(toMembership);
  }

  async membership(userId: UserId, conversationId: ConversationId): Promise<Membership | null> {
    const row = await guarded(this.#flavor, () =>
      selectMemberships(this.#db)
        .where('m.user_id', '=', userId)
        .where('m.conversation_id', '=', conversationId)
        .executeTakeFirst(),
    );
    return row === undefined ? null : toMembership(row);
  }

  async membershipsIn(userId: UserId, conversationIds: readonly ConversationId[]): Promise<Membership[]> {
    assertAtMost('conversations', conversationIds.length, STORE_LIMITS.maxMembershipsIn);
    if (conversationIds.length === 0) return [];
    const rows = await guarded(this.#flavor, () =>
      selectMemberships(this.#db)
        .where('m.user_id', '=', userId)
        .where('m.conversation_id', 'in', [...new Set(conversationIds)])
        .execute(),
    );
    return rows.map(toMembership);
  }

  async membersOf(conversationIds: readonly ConversationId[], among?: readonly UserId[]): Promise<Membership[]> {
    assertAtMost('conversations', conversationIds.length, STORE_LIMITS.maxMembersOfConversations);
    if (conversationIds.length === 0 || among?.length === 0) return [];
    const all = selectMemberships(this.#db)
      .where('m.conversation_id', 'in', [...new Set(conversationIds)])
      .where('m.left_seq', 'is', null);
    const wanted = among === undefined ? all : all.where('m.user_id', 'in', [...new Set(among)]);
    const rows = await guarded(this.#flavor, () => wanted.orderBy('m.conversation_id').orderBy('m.user_id').execute());
    return rows.map(toMembership);
  }
}
