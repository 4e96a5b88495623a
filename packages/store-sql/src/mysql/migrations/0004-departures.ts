import type { Migration } from '../../migrator.ts';
import { addColumn } from './repeatable-ddl.ts';

/**
 * What a member that has left may still know of a group: how it was called and how many were in it when that was (G7). Null for who is present. The columns come last and may be
 * null: such a change rewrites no row. Who has left before this migration knows the group as it is now.
 */
export const migration: Migration = {
  version: 4,
  name: 'departures',
  statements: [
    ...addColumn('members', 'left_name', 'VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL'),
    ...addColumn('members', 'left_description', 'VARCHAR(4096) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL'),
    ...addColumn('members', 'left_members', 'INT UNSIGNED NULL'),
    `UPDATE members m JOIN conversations c ON c.id = m.conversation_id
      LEFT JOIN (SELECT conversation_id, COUNT(*) AS members FROM members WHERE left_seq IS NULL GROUP BY conversation_id) p
      ON p.conversation_id = m.conversation_id
      SET m.left_name = c.name, m.left_description = c.description, m.left_members = COALESCE(p.members, 0)
      WHERE m.left_seq IS NOT NULL AND m.left_members IS NULL`,
  ],
};
