import { assertAtMost, type SignInUser, STORE_LIMITS, type User, type UserId } from '@parley/core';
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

  async signInUsers(users: readonly SignInUser[]): Promise<User[]> {
    assertAtMost('users', users.length, STORE_LIMITS.maxSignInsPerCall);
    if (users.length === 0) return [];
    const wanted = new Map<UserId, string | null>();
    for (const { userId, name } of users) wanted.set(userId, name ?? wanted.get(userId) ?? null);
    const names = await this.#names([...wanted.keys()]);
    const absent = [...wanted.keys()].filter((id) => !names.has(id)).sort((a, b) => a - b);
    if (absent.length > 0) {
      const fresh = absent.map((id) => ({ id, name: wanted.get(id) ?? defaultName(id) }));
      await guarded(this.#flavor, () => this.#flavor.insertAbsentUsers(this.#db, fresh));
      // Another node may have been first, with another name.
      for (const [id, name] of await this.#names(absent)) names.set(id, name);
    }
    for (const [id, name] of wanted) {
      if (name === null || names.get(id) === name) continue;
      await guarded(this.#flavor, () => this.#db.updateTable('users').set({ name }).where('id', '=', id).execute());
      names.set(id, name);
    }
    return users.map(({ userId }) => ({ id: userId, name: names.get(userId) ?? defaultName(userId) }));
  }

  async ensureUser(userId: UserId, name: string | null): Promise<User> {
    return (await this.signInUsers([{ userId, name }]))[0] as User;
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

  async #names(userIds: readonly UserId[]): Promise<Map<UserId, string>> {
    const rows = await guarded(this.#flavor, () => this.#select().where('id', 'in', userIds).execute());
    return new Map(rows.map((row) => [row.id, asText(row.name)]));
  }

  #select() {
    return this.#db.selectFrom('users').select(['id', sql<Text>`${sql.raw(this.#flavor.text('name'))}`.as('name')]);
  }
}
