import type { Migration } from '../../migrator.ts';
import { addColumn } from './repeatable-ddl.ts';

/** Of the first of a recipient's marks that has the message delivered, or seen: a lookup of one row. */
const mark = (step: 'delivered' | 'seen'): string =>
  `(SELECT k.${step}_at FROM receipt_marks k WHERE k.conversation_id = m.conversation_id AND k.user_id = m.recipient_id
    AND k.${step}_seq >= m.seq ORDER BY k.${step}_seq, k.${step === 'seen' ? 'delivered' : 'seen'}_seq LIMIT 1)`;

/**
 * The status of a personal message is no longer written with each message. Its recipient's cursors are in `members`, and `receipt_marks` has each place where they have stood:
 * a message was delivered with the first mark that has it delivered, and seen with the first that has it seen. What was seen one by one (the legacy `seen`), and what
 * was written before this migration, is in the message's own row; `members.seen_exact_seq` is at or above the last of them. The view says what all this comes to. Asked by message id its
 * times are a look-up each; over many messages ask for the statuses without the times, since the server then looks through a member's marks for each of them.
 */
export const migration: Migration = {
  version: 3,
  name: 'receipts',
  statements: [
    ...addColumn('members', 'seen_exact_seq', 'BIGINT UNSIGNED NOT NULL DEFAULT 0'),

    `CREATE TABLE IF NOT EXISTS receipt_marks (
      conversation_id BIGINT UNSIGNED NOT NULL,
      user_id BIGINT UNSIGNED NOT NULL,
      delivered_seq BIGINT UNSIGNED NOT NULL,
      seen_seq BIGINT UNSIGNED NOT NULL,
      delivered_at DATETIME(6) NULL,
      seen_at DATETIME(6) NULL,
      PRIMARY KEY (conversation_id, user_id, delivered_seq, seen_seq),
      KEY receipt_marks_seen (conversation_id, user_id, seen_seq, delivered_seq)
    ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,

    `UPDATE members r JOIN (SELECT conversation_id, recipient_id, MAX(seq) AS seq FROM messages
      WHERE status = 'seen' AND recipient_id IS NOT NULL GROUP BY conversation_id, recipient_id) s
      ON s.conversation_id = r.conversation_id AND s.recipient_id = r.user_id
      SET r.seen_exact_seq = GREATEST(r.seen_exact_seq, s.seq)`,

    `CREATE OR REPLACE SQL SECURITY INVOKER VIEW message_status AS
      SELECT m.conversation_id, m.seq, m.id, m.sender_id, m.recipient_id,
        CASE WHEN m.status = 'seen' OR r.seen_seq >= m.seq THEN 'seen'
          WHEN m.status = 'delivered' OR r.delivered_seq >= m.seq THEN 'delivered' ELSE 'sent' END AS status,
        COALESCE(m.delivered_at, LEAST(${mark('delivered')}, ${mark('seen')}), ${mark('delivered')}) AS delivered_at,
        COALESCE(m.seen_at, ${mark('seen')}) AS seen_at
      FROM messages m LEFT JOIN members r ON r.user_id = m.recipient_id AND r.conversation_id = m.conversation_id
      WHERE m.recipient_id IS NOT NULL`,
  ],
};
