import type { Migration } from '../../migrator.ts';
import { addColumn, addIndex, dropIndex } from './repeatable-ddl.ts';

/**
 * Every new column has a default, for the upserts of `append` and the receipts, and comes last (a role too): such a change rewrites no row.
 * `added_seq` is the head when a user became a member, also where the history before it is shown. `requests` has what was asked for under a client
 * id, to tell a repeat from a conflict: inits (scope 0) and changes of a group (scope: the conversation).
 */
export const migration: Migration = {
  version: 2,
  name: 'groups',
  statements: [
    ...addColumn('messages', 'is_event', 'TINYINT UNSIGNED NOT NULL DEFAULT 0'),
    ...addColumn('conversations', 'history', 'TINYINT UNSIGNED NOT NULL DEFAULT 0'),
    ...addColumn('members', 'added_seq', 'BIGINT UNSIGNED NOT NULL DEFAULT 0'),
    ...addColumn('members', 'blocked', 'TINYINT UNSIGNED NOT NULL DEFAULT 0'),
    `ALTER TABLE members MODIFY COLUMN role ENUM('owner', 'member', 'admin') CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'member'`,
    // The present members (left_seq is null) of a conversation, in order, and how many there are, whoever has come and gone. It does what the older
    // index was for, the foreign key too; beside that one, it would not be chosen for a page of members.
    ...addIndex('members', 'members_present', 'conversation_id, left_seq, user_id'),
    ...dropIndex('members', 'members_by_conversation'),
    `CREATE TABLE IF NOT EXISTS requests (
      user_id BIGINT UNSIGNED NOT NULL,
      scope BIGINT UNSIGNED NOT NULL,
      client_id VARBINARY(64) NOT NULL,
      digest VARBINARY(64) NOT NULL,
      conversation_id BIGINT UNSIGNED NOT NULL,
      created TINYINT UNSIGNED NOT NULL,
      PRIMARY KEY (user_id, scope, client_id)
    ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  ],
};
