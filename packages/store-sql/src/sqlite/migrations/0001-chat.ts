import type { Migration } from '../../migrator.ts';

/**
 * Times are integer microseconds, UTC. `messages.id` is the rowid: AUTOINCREMENT, so that an id is never given twice.
 */
export const migration: Migration = {
  version: 1,
  name: 'chat',
  statements: [
    'CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT',
    'CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID',
    'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, last_seen_at INTEGER) STRICT',
    `CREATE TABLE conversations (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      kind TEXT NOT NULL CHECK (kind IN ('personal', 'group')),
      name TEXT NOT NULL,
      description TEXT NOT NULL,
      pair_key TEXT UNIQUE,
      last_seq INTEGER NOT NULL DEFAULT 0,
      members_version INTEGER NOT NULL
    ) STRICT`,
    `CREATE TABLE members (
      user_id INTEGER NOT NULL REFERENCES users (id),
      conversation_id INTEGER NOT NULL REFERENCES conversations (id),
      role TEXT NOT NULL CHECK (role IN ('owner', 'member')),
      joined_seq INTEGER NOT NULL DEFAULT 0,
      left_seq INTEGER,
      delivered_seq INTEGER NOT NULL DEFAULT 0,
      delivered_at INTEGER,
      seen_seq INTEGER NOT NULL DEFAULT 0,
      seen_at INTEGER,
      PRIMARY KEY (user_id, conversation_id)
    ) STRICT, WITHOUT ROWID`,
    'CREATE INDEX members_by_conversation ON members (conversation_id, user_id)',
    `CREATE TABLE messages (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      conversation_id INTEGER NOT NULL REFERENCES conversations (id),
      seq INTEGER NOT NULL,
      sender_id INTEGER NOT NULL,
      recipient_id INTEGER,
      client_id TEXT NOT NULL,
      body TEXT NOT NULL,
      status TEXT NOT NULL DEFAULT 'sent' CHECK (status IN ('sent', 'delivered', 'seen')),
      delivered_at INTEGER,
      seen_at INTEGER,
      sent_at INTEGER NOT NULL,
      UNIQUE (conversation_id, seq),
      UNIQUE (conversation_id, sender_id, client_id)
    ) STRICT`,
  ],
};
