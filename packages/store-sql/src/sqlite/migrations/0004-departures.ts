import type { Migration } from '../../migrator.ts';

/** As on MySQL. */
export const migration: Migration = {
  version: 4,
  name: 'departures',
  statements: [
    'ALTER TABLE members ADD COLUMN left_name TEXT',
    'ALTER TABLE members ADD COLUMN left_description TEXT',
    'ALTER TABLE members ADD COLUMN left_members INTEGER',
    `UPDATE members SET
      left_name = (SELECT name FROM conversations c WHERE c.id = members.conversation_id),
      left_description = (SELECT description FROM conversations c WHERE c.id = members.conversation_id),
      left_members = (SELECT COUNT(*) FROM members p WHERE p.conversation_id = members.conversation_id AND p.left_seq IS NULL)
      WHERE left_seq IS NOT NULL`,
  ],
};
