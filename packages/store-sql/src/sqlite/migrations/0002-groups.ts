import type { Migration } from '../../migrator.ts';

/**
 * As on MySQL. `members` is made anew, since a CHECK cannot be changed: nothing refers to it, and a migration is one transaction.
 */
export const migration: Migration = {
  version: 2,
  name: 'groups',
  statements: [
    'ALTER TABLE messages ADD COLUMN is_event INTEGER NOT NULL DEFAULT 0',
    'ALTER TABLE conversations ADD COLUMN history INTEGER NOT NULL DEFAULT 0',
    `CREATE TABLE members_of_2 (
      user_id INTEGER NOT NULL REFERENCES users (id),
      conversation_id INTEGER NOT NULL REFERENCES conversations (id),
      role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
      joined_seq INTEGER NOT NULL DEFAULT 0,
      left_seq INTEGER,
      delivered_seq INTEGER NOT NULL DEFAULT 0,
      delivered_at INTEGER,
      seen_seq INTEGER NOT NULL DEFAULT 0,
      seen_at INTEGER,
      added_seq INTEGER NOT NULL DEFAULT 0,
      blocked INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (user_id, conversation_id)
    ) STRICT, WITHOUT ROWID`,
    `INSERT INTO members_of_2 (user_id, conversation_id, role, joined_seq, left_seq, delivered_seq, delivered_at, seen_seq, seen_at)
     SELECT user_id, conversation_id, role, joined_seq, left_seq, delivered_seq, delivered_at, seen_seq, seen_at FROM members`,
    'DROP TABLE members',
    'ALTER TABLE members_of_2 RENAME TO members',
    'CREATE INDEX members_present ON members (conversation_id, left_seq, user_id)',
    `CREATE TABLE requests (
      user_id INTEGER NOT NULL,
      scope INTEGER NOT NULL,
      client_id TEXT NOT NULL,
      digest TEXT NOT NULL,
      conversation_id INTEGER NOT NULL,
      created INTEGER NOT NULL,
      PRIMARY KEY (user_id, scope, client_id)
    ) STRICT, WITHOUT ROWID`,
  ],
};
