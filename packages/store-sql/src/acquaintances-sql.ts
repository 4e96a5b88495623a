import { assertAtMost, STORE_LIMITS, type UserId } from '@parley/core';
import type { Kysely } from 'kysely';
import { pairKeyOf, peerOf } from './membership-sql.ts';
import type { ChatSchema } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';
import { guarded } from './transaction.ts';

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

  /** Within one statement, of each of the others no more than the first group in common is needed; looked up by primary key, group by group. */
  async #inGroups(userId: UserId, others: readonly UserId[]): Promise<UserId[]> {
    const rows = await guarded(this.#flavor, () =>
      this.#db
        .selectFrom('users as u')
        .select('u.id')
        .where('u.id', 'in', others)
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('members as mine')
              .innerJoin('members as theirs', 'theirs.conversation_id', 'mine.conversation_id')
              .select('mine.user_id')
              .where('mine.user_id', '=', userId)
              .where('mine.left_seq', 'is', null)
              .whereRef('theirs.user_id', '=', 'u.id')
              .where('theirs.left_seq', 'is', null),
          ),
        )
        .execute(),
    );
    return rows.map((row) => row.id);
  }
}
