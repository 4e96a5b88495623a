import { assertAtMost, STORE_LIMITS, type UserId } from '@parley/core';
import type { Kysely } from 'kysely';
import { pairKeyOf, peerOf } from './membership-sql.ts';
import type { ChatSchema } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';
import { guarded } from './transaction.ts';
import { unionAll } from './union.ts';

/**
 * Who knows whom. First the pairs' personal conversations, each one look-up by its unique key: they say who has blocked the user, and are why most people
 * know each other. Only those who have none are looked for in the user's groups.
 */
export class SqlAcquaintances {
  readonly #db: Kysely<ChatSchema>;
  readonly #flavor: SqlFlavor;

  constructor(db: Kysely<ChatSchema>, flavor: SqlFlavor) {
    this.#db = db;
    this.#flavor = flavor;
  }

  async among(userId: UserId, others: readonly UserId[]): Promise<Set<UserId>> {
    assertAtMost('users', others.length, STORE_LIMITS.maxAcquainted);
    const wanted = new Set(others);
    wanted.delete(userId);
    const known = new Set<UserId>();
    if (wanted.size === 0) return known;
    for (const { peerId, blocked } of await this.#pairs(userId, [...wanted])) {
      wanted.delete(peerId);
      if (!blocked) known.add(peerId);
    }
    if (wanted.size > 0) for (const peerId of await this.#inGroups(userId, [...wanted])) known.add(peerId);
    return known;
  }

  async #pairs(userId: UserId, others: readonly UserId[]): Promise<{ peerId: UserId; blocked: boolean }[]> {
    const keys = others.map((other) => pairKeyOf(userId, other));
    const rows = await guarded(this.#flavor, () =>
      this.#db
        .selectFrom('conversations as c')
        .innerJoin('members as m', (join) => join.onRef('m.conversation_id', '=', 'c.id').on('m.user_id', '=', userId))
        .select(['c.pair_key', 'm.blocked'])
        .where('c.pair_key', 'in', keys)
        .execute(),
    );
    return rows.map((row) => ({ peerId: peerOf(row.pair_key ?? '', userId), blocked: row.blocked === 1 }));
  }

  /** One statement that looks for one group in common with each of the others, by primary keys, and no further once it has found that. */
  async #inGroups(userId: UserId, others: readonly UserId[]): Promise<UserId[]> {
    const select = `SELECT theirs.user_id FROM members mine \
JOIN members theirs ON theirs.conversation_id = mine.conversation_id AND theirs.user_id = ? AND theirs.left_seq IS NULL \
WHERE mine.user_id = ? AND mine.left_seq IS NULL LIMIT 1`;
    const rows = await unionAll<{ readonly user_id: number }>(
      this.#db,
      this.#flavor,
      others.map(() => select),
      others.flatMap((other) => [other, userId]),
    );
    return rows.map((row) => row.user_id);
  }
}
