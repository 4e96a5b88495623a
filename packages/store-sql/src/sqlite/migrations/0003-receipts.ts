import type { Migration } from '../../migrator.ts';

const mark = (step: 'delivered' | 'seen'): string =>
  `(SELECT k.${step}_at FROM receipt_marks k WHERE k.conversation_id = m.conversation_id AND k.user_id = m.recipient_id
    AND k.${step}_seq >= m.seq ORDER BY k.${step}_seq, k.${step === 'seen' ? 'delivered' : 'seen'}_seq LIMIT 1)`;

/** As on MySQL: cursors, a mark for each move of one, and what was seen one by one in the message's own row. */
export const migration: Migration = {
  version: 3,
  name: 'receipts',
  statements: [
    'ALTER TABLE members ADD COLUMN seen_exact_seq INTEGER NOT NULL DEFAULT 0',
    `CREATE TABLE receipt_marks (
      conversation_id INTEGER NOT NULL,
      user_id INTEGER NOT NULL,
      delivered_seq INTEGER NOT NULL,
      seen_seq INTEGER NOT NULL,
      delivered_at INTEGER,
      seen_at INTEGER,
      PRIMARY KEY (conversation_id, user_id, delivered_seq, seen_seq)
    ) STRICT, WITHOUT ROWID`,
    'CREATE INDEX receipt_marks_seen ON receipt_marks (conversation_id, user_id, seen_seq, delivered_seq)',
    `UPDATE members SET seen_exact_seq = COALESCE((SELECT MAX(seq) FROM messages m WHERE m.status = 'seen'
      AND m.conversation_id = members.conversation_id AND m.recipient_id = members.user_id), 0)`,
    `CREATE VIEW message_status AS
      SELECT m.conversation_id, m.seq, m.id, m.sender_id, m.recipient_id,
        CASE WHEN m.status = 'seen' OR r.seen_seq >= m.seq THEN 'seen'
          WHEN m.status = 'delivered' OR r.delivered_seq >= m.seq THEN 'delivered' ELSE 'sent' END AS status,
        COALESCE(m.delivered_at, MIN(${mark('delivered')}, ${mark('seen')}), ${mark('delivered')}) AS delivered_at,
        COALESCE(m.seen_at, ${mark('seen')}) AS seen_at
      FROM messages m LEFT JOIN members r ON r.user_id = m.recipient_id AND r.conversation_id = m.conversation_id
      WHERE m.recipient_id IS NOT NULL`,
  ],
};
