import type { Membership, UserId, UserProfile } from '@parley/core';
import { type Kysely, sql } from 'kysely';
import { MEMBERSHIP_COLUMNS, type MembershipRow, toMembership } from './membership-sql.ts';
import { asText, type ChatSchema, type Text } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';

/** What a device that comes back is read by: `ConversationStore.profilesOf`, of at least one user and at most as many as that takes. */
export interface ProfileReader {
  /** Rejects with the database's own errors. */
  profilesOf(userIds: readonly UserId[]): Promise<Map<UserId, UserProfile>>;
}

/** One row per membership, on both dialects. */
export class SqlProfileReader implements ProfileReader {
  readonly #db: Kysely<ChatSchema>;
  readonly #flavor: SqlFlavor;

  constructor(db: Kysely<ChatSchema>, flavor: SqlFlavor) {
    this.#db = db;
    this.#flavor = flavor;
  }

  async profilesOf(userIds: readonly UserId[]): Promise<Map<UserId, UserProfile>> {
    const rows = await this.#db
      .selectFrom('users as u')
      .leftJoin('members as m', (join) =>
        join
          .onRef('m.user_id', '=', 'u.id')
          .on((on) => on.or([on('m.left_seq', 'is', null), on('m.delivered_seq', '<', on.ref('m.left_seq'))])),
      )
      .leftJoin('conversations as c', 'c.id', 'm.conversation_id')
      .select(['u.id', sql<Text>`${sql.raw(this.#flavor.text('u.name'))}`.as('name'), ...MEMBERSHIP_COLUMNS])
      .where('u.id', 'in', [...new Set(userIds)])
      .orderBy('u.id')
      .orderBy('m.conversation_id')
      .execute();
    const profiles = new Map<UserId, { readonly name: string; readonly memberships: Membership[] }>();
    for (const row of rows) {
      const known = profiles.get(row.id);
      const profile = known ?? { name: asText(row.name), memberships: [] };
      if (known === undefined) profiles.set(row.id, profile);
      // A user without memberships has one row of nulls.
      if (row.conversation_id !== null) profile.memberships.push(toMembership(row as MembershipRow));
    }
    return profiles;
  }
}
