import type { UserId, UserProfile } from '@parley/core';
import type { ProfileReader } from '../profile-reader-sql.ts';
import type { MysqlPool } from './mysql-pool.ts';
import { PACKED_MEMBERSHIP, unpackMemberships } from './packed-memberships.ts';

type ProfileRow = readonly [userId: UserId, name: string, memberships: number, packed: string | null];

/**
 * One row per user, with all memberships in one text: the driver takes its time for each row, and more for each column. What the server has cut off
 * (`group_concat_max_len`, `max_allowed_packet`) is read row by row.
 */
export class MysqlProfileReader implements ProfileReader {
  readonly #readers: MysqlPool;
  readonly #byRow: ProfileReader;

  constructor(readers: MysqlPool, byRow: ProfileReader) {
    this.#readers = readers;
    this.#byRow = byRow;
  }

  async profilesOf(userIds: readonly UserId[]): Promise<Map<UserId, UserProfile>> {
    const connection = await this.#readers.acquire();
    let rows: readonly ProfileRow[];
    try {
      rows = (await connection.query(profiles(userIds), { rowsAsArray: true })) as readonly ProfileRow[];
    } finally {
      this.#readers.release(connection);
    }
    const found = new Map<UserId, UserProfile>();
    for (const [userId, name, count, packed] of rows) {
      const memberships = unpackMemberships(packed ?? '', userId, count);
      if (memberships === null) return this.#byRow.profilesOf(userIds);
      found.set(userId, { name, memberships });
    }
    return found;
  }
}

/** Along the primary keys of users and members, which are in the order of the groups. */
const profiles = (userIds: readonly UserId[]): string => `SELECT u.id,u.name,COUNT(m.user_id),\
GROUP_CONCAT(${PACKED_MEMBERSHIP} SEPARATOR '') FROM users u \
LEFT JOIN members m ON m.user_id=u.id AND(m.left_seq IS NULL OR m.delivered_seq<m.left_seq) \
LEFT JOIN conversations c ON c.id=m.conversation_id WHERE u.id IN(${[...new Set(userIds)].join(',')})GROUP BY u.id`;
