import type { Migration } from '../../migrator.ts';

/**
 * Syntax shared by MySQL 8.4 and MariaDB 10.11. Character sets are stated on every table: the server's default may refuse an emoji.
 * `utf8mb4_bin` compares names and texts exactly; `VARBINARY` compares client ids exactly, trailing spaces included.
 * Every column that `append`'s and the receipts' upserts leave out has a default: they never insert, but must be able to.
 * `messages` has no foreign keys: one on the sender would lock the user's row with every message.
 */
export const migration: Migration = {
  version: 1,
  name: 'chat',
  statements: [
    `CREATE TABLE IF NOT EXISTS schema_migrations (
      version INT NOT NULL PRIMARY KEY,
      name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL
    ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,

    `CREATE TABLE IF NOT EXISTS meta (
      name VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      value VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL
    ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,

    `CREATE TABLE IF NOT EXISTS users (
      id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
      name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
      last_seen_at DATETIME(6) NULL
    ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,

    `CREATE TABLE IF NOT EXISTS conversations (
      id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
      kind ENUM('personal', 'group') CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'group',
      name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
      description VARCHAR(4096) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
      pair_key VARCHAR(33) CHARACTER SET ascii COLLATE ascii_bin NULL,
      last_seq BIGINT UNSIGNED NOT NULL DEFAULT 0,
      members_version BIGINT UNSIGNED NOT NULL DEFAULT 0,
      UNIQUE KEY conversations_by_pair (pair_key)
    ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,

    `CREATE TABLE IF NOT EXISTS members (
      user_id BIGINT UNSIGNED NOT NULL,
      conversation_id BIGINT UNSIGNED NOT NULL,
      role ENUM('owner', 'member') CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'member',
      joined_seq BIGINT UNSIGNED NOT NULL DEFAULT 0,
      left_seq BIGINT UNSIGNED NULL,
      delivered_seq BIGINT UNSIGNED NOT NULL DEFAULT 0,
      delivered_at DATETIME(6) NULL,
      seen_seq BIGINT UNSIGNED NOT NULL DEFAULT 0,
      seen_at DATETIME(6) NULL,
      PRIMARY KEY (user_id, conversation_id),
      KEY members_by_conversation (conversation_id, user_id),
      CONSTRAINT members_user FOREIGN KEY (user_id) REFERENCES users (id),
      CONSTRAINT members_conversation FOREIGN KEY (conversation_id) REFERENCES conversations (id)
    ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,

    `CREATE TABLE IF NOT EXISTS messages (
      conversation_id BIGINT UNSIGNED NOT NULL,
      seq BIGINT UNSIGNED NOT NULL,
      id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
      sender_id BIGINT UNSIGNED NOT NULL,
      recipient_id BIGINT UNSIGNED NULL,
      client_id VARBINARY(64) NOT NULL,
      body TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
      status ENUM('sent', 'delivered', 'seen') CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'sent',
      delivered_at DATETIME(6) NULL,
      seen_at DATETIME(6) NULL,
      sent_at DATETIME(6) NOT NULL,
      PRIMARY KEY (conversation_id, seq),
      UNIQUE KEY messages_by_id (id),
      UNIQUE KEY messages_by_client (conversation_id, sender_id, client_id)
    ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  ],
};
