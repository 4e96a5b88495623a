import { assertAtMost, STORE_LIMITS, type User, type UserId } from '@parley/core';
import { type Kysely, sql } from 'kysely';
import { asText, type ChatSchema, type Text } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';
import { guarded } from './transaction.ts';

const defaultName = (userId: UserId): string => `User ${userId}`;

/** The users' part of a `ConversationStore`. */
export class SqlUserStore {
  readonly #db: Kysely<ChatSchema>;
  readonly #flavor: SqlFlavor;

  constructor(db: Kysely<ChatSchema>, flavor: SqlFlavor) {
    this.#db = db;
    this.#flavor = flavor;
  }

  async user(userId: UserId): Promise<User | null> {
    const row = await guarded(this.#flavor, () => this.#select().where('id', '=', userId).executeTakeFirst());
    return row === undefined ? null : { id: row.id, name: asText(row.name) };
  }

  async ensureUser(userId: UserId, name: string | null): Promise<User> {
    let user = await this.user(userId);
    if (user === null) {
      const fresh = { id: userId, name: name ?? defaultName(userId) };
      await guarded(this.#flavor, () => this.#flavor.insertAbsentUsers(this.#db, [fresh]));
      user = (await this.user(userId)) ?? fresh;
    }
    if (name === null || user.name === name) return user;
    await guarded(this.#flavor, () => this.#db.updateTable('users').set({ name }).where('id', '=', userId).execute());
    return { id: userId, name };
  }

  async ensureUsers(userIds: readonly UserId[]): Promise<void> {
    assertAtMost('users', userIds.length, STORE_LIMITS.maxUsersPerCall);
    const absent = await this.absent(userIds);
    if (absent.length === 0) return;
    // Sorted, so that two nodes creating the same users lock them in the same order.
    const users = absent.sort((a, b) => a - b).map((id) => ({ id, name: defaultName(id) }));
    await guarded(this.#flavor, () => this.#flavor.insertAbsentUsers(this.#db, users));
  }

  /** Those of the users that do not exist, each once, in the given order. */
  async absent(userIds: readonly UserId[]): Promise<UserId[]> {
    const ids = [...new Set(userIds)];
    if (ids.length === 0) return [];
    const rows = await guarded(this.#flavor, () =>
      this.#db.selectFrom('users').select('id').where('id', 'in', ids).execute(),
    );
    const known = new Set(rows.map((row) => row.id));
    return ids.filter((id) => !known.has(id));
  }

  async listUsers(afterId: UserId, limit: number): Promise<User[]> {
    const rows = await guarded(this.#flavor, () =>
      this.#select().where('id', '>', afterId).orderBy('id').limit(limit).execute(),
    );
    return rows.map((row) => ({ id: row.id, name: asText(row.name) }));
  }

  async touchUsers(userIds: readonly UserId[], atUs: number): Promise<void> {
    assertAtMost('users', userIds.length, STORE_LIMITS.maxUsersPerCall);
    if (userIds.length === 0) return;
    const at = this.#flavor.time(atUs);
    await guarded(this.#flavor, () =>
      this.#db
        .updateTable('users')
        .set({ last_seen_at: at })
        .where('id', 'in', [...new Set(userIds)])
        .where((where) => where.or([where('last_seen_at', 'is', null), where('last_seen_at', '<', at)]))
        .execute(),
    );
  }

  #select() {
    return this.#db.selectFrom('users').select(['id', sql<Text>`${sql.raw(this.#flavor.text('name'))}`.as('name')]);
  }
}
