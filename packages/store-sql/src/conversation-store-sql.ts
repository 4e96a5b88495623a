import {
  assertAtMost,
  assertGroupMembers,
  type ConversationId,
  type ConversationKind,
  type ConversationStore,
  type InitResult,
  type Membership,
  type Role,
  refusal,
  type SignInUser,
  STORE_LIMITS,
  type User,
  type UserId,
  type UserProfile,
} from '@parley/core';
import type { Kysely } from 'kysely';
import type { ChatSchema } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';
import { guarded, inTransaction } from './transaction.ts';
import { SqlUserStore } from './user-store-sql.ts';

interface NewConversation {
  readonly kind: ConversationKind;
  readonly name: string;
  readonly description: string;
  readonly pairKey: string | null;
  readonly ownerId: UserId | null;
  readonly memberIds: readonly UserId[];
}

/** Users, conversations and memberships on both dialects. */
export class SqlConversationStore implements ConversationStore {
  readonly #db: Kysely<ChatSchema>;
  readonly #flavor: SqlFlavor;
  readonly #users: SqlUserStore;

  constructor(db: Kysely<ChatSchema>, flavor: SqlFlavor) {
    this.#db = db;
    this.#flavor = flavor;
    this.#users = new SqlUserStore(db, flavor);
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

  async openPersonal(a: UserId, b: UserId): Promise<InitResult> {
    if (a === b) throw refusal('openPersonal: two different users');
    const memberIds = [Math.min(a, b), Math.max(a, b)];
    const pairKey = memberIds.join(':');
    const existing = await this.#byPair(pairKey);
    if (existing !== null) return { ok: true, conversationId: existing, created: false, duplicate: false };
    const unknown = await this.#users.absent([a, b]);
    if (unknown.length > 0) return { ok: false, unknown };
    try {
      const fields = { kind: 'personal', name: '', description: '', pairKey, ownerId: null, memberIds } as const;
      return { ok: true, conversationId: await this.#create(fields), created: true, duplicate: false };
    } catch (error) {
      // The unique pair_key made this one wait until the other had committed, so it is there to be read.
      const first = this.#lostRace(error) ? await this.#byPair(pairKey) : null;
      if (first === null) throw error;
      return { ok: true, conversationId: first, created: false, duplicate: false };
    }
  }

  async createGroup(group: {
    readonly creatorId: UserId;
    readonly memberIds: readonly UserId[];
    readonly name: string;
    readonly description: string;
  }): Promise<InitResult> {
    const { creatorId: ownerId, memberIds, name, description } = group;
    assertGroupMembers(ownerId, memberIds);
    const unknown = await this.#users.absent(memberIds);
    if (unknown.length > 0) return { ok: false, unknown };
    const fields = { kind: 'group', name, description, pairKey: null, ownerId, memberIds } as const;
    return { ok: true, conversationId: await this.#create(fields), created: true, duplicate: false };
  }

  setBlocked(): Promise<InitResult> {
    return Promise.reject(refusal('blocks need migration 2'));
  }

  profilesOf(): Promise<Map<UserId, UserProfile>> {
    return Promise.reject(refusal('profiles need migration 2'));
  }

  async membershipsOf(userIds: readonly UserId[]): Promise<Membership[]> {
    assertAtMost('users', userIds.length, STORE_LIMITS.maxMembershipUsers);
    if (userIds.length === 0) return [];
    const rows = await guarded(this.#flavor, () =>
      this.#memberships()
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
      this.#memberships()
        .where('m.user_id', '=', userId)
        .where('m.conversation_id', '=', conversationId)
        .executeTakeFirst(),
    );
    return row === undefined ? null : toMembership(row);
  }

  async membersOf(conversationIds: readonly ConversationId[], among?: readonly UserId[]): Promise<Membership[]> {
    assertAtMost('conversations', conversationIds.length, STORE_LIMITS.maxMembersOfConversations);
    if (conversationIds.length === 0 || among?.length === 0) return [];
    const all = this.#memberships()
      .where('m.conversation_id', 'in', [...new Set(conversationIds)])
      .where('m.left_seq', 'is', null);
    const wanted = among === undefined ? all : all.where('m.user_id', 'in', [...new Set(among)]);
    const rows = await guarded(this.#flavor, () => wanted.orderBy('m.conversation_id').orderBy('m.user_id').execute());
    return rows.map(toMembership);
  }

  async #byPair(pairKey: string): Promise<ConversationId | null> {
    const row = await guarded(this.#flavor, () =>
      this.#db.selectFrom('conversations').select('id').where('pair_key', '=', pairKey).executeTakeFirst(),
    );
    return row?.id ?? null;
  }

  #create(fields: NewConversation): Promise<ConversationId> {
    const { kind, name, description, pairKey, ownerId } = fields;
    return guarded(this.#flavor, () =>
      inTransaction(this.#db, this.#flavor, async (transaction) => {
        const inserted = await transaction
          .insertInto('conversations')
          .values({ kind, name, description, pair_key: pairKey, members_version: 1 })
          .executeTakeFirstOrThrow();
        const conversationId = Number(inserted.insertId);
        // Sorted: foreign keys lock the users' rows, everywhere in the same order.
        const members = [...fields.memberIds]
          .sort((a, b) => a - b)
          .map((userId) => ({
            user_id: userId,
            conversation_id: conversationId,
            role: userId === ownerId ? ('owner' as const) : ('member' as const),
          }));
        await transaction.insertInto('members').values(members).execute();
        return conversationId;
      }),
    );
  }

  #lostRace(error: unknown): boolean {
    return error instanceof Error && this.#flavor.isDuplicate(error.cause);
  }

  /** Driven by the members' keys (by user: the primary key; by conversation: an index), with one lookup of a conversation each. */
  #memberships() {
    return this.#db
      .selectFrom('members as m')
      .innerJoin('conversations as c', 'c.id', 'm.conversation_id')
      .select([
        'm.user_id',
        'm.conversation_id',
        'm.joined_seq',
        'm.left_seq',
        'm.delivered_seq',
        'm.seen_seq',
        'm.role',
        'c.kind',
        'c.pair_key',
        'c.last_seq',
        'c.members_version',
      ]);
  }
}

interface MembershipRow {
  readonly user_id: number;
  readonly conversation_id: number;
  readonly joined_seq: number;
  readonly left_seq: number | null;
  readonly delivered_seq: number;
  readonly seen_seq: number;
  readonly role: Role;
  readonly kind: ConversationKind;
  readonly pair_key: string | null;
  readonly last_seq: number;
  readonly members_version: number;
}

const toMembership = (row: MembershipRow): Membership => ({
  userId: row.user_id,
  conversationId: row.conversation_id,
  kind: row.kind,
  peerId: row.pair_key === null ? null : peerOf(row.pair_key, row.user_id),
  head: row.last_seq,
  membersVersion: row.members_version,
  joinedSeq: row.joined_seq,
  leftSeq: row.left_seq,
  deliveredSeq: row.delivered_seq,
  seenSeq: row.seen_seq,
  role: row.role,
  blocked: false,
});

function peerOf(pairKey: string, userId: UserId): UserId | null {
  const [low, high] = pairKey.split(':').map(Number);
  return (low === userId ? high : low) ?? null;
}
