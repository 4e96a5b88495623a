import {
  type ConversationKind,
  decideReceipts,
  type MemberReceipts,
  type MessageId,
  type ReceiptBatch,
  type ReceiptStore,
  receiptsByMember,
  type Seq,
  type StatusChange,
  statusChange,
  type TimeUs,
  type UserId,
} from '@parley/core';
import type { Database, Statement } from './sqlite-database.ts';
import type { SqliteWriter } from './sqlite-writer.ts';

interface MemberRow {
  readonly kind: ConversationKind;
  readonly peerId: UserId | null;
  readonly joinedSeq: Seq;
  readonly reach: Seq;
  readonly deliveredSeq: Seq;
  readonly deliveredAtUs: TimeUs | null;
  readonly seenSeq: Seq;
  readonly seenAtUs: TimeUs | null;
  readonly seenExactSeq: Seq;
}

interface MessageRow {
  readonly messageId: MessageId;
  readonly seen: 0 | 1;
}

interface Statements {
  readonly member: Statement;
  readonly move: Statement;
  readonly mark: Statement;
  readonly message: Statement;
  readonly see: Statement;
}

export class SqliteReceiptStore implements ReceiptStore {
  readonly #database: Database;
  readonly #writer: SqliteWriter;
  #prepared: Statements | null = null;

  constructor(database: Database, writer: SqliteWriter) {
    this.#database = database;
    this.#writer = writer;
  }

  async apply(batch: ReceiptBatch): Promise<readonly StatusChange[]> {
    const wanted = receiptsByMember(batch);
    if (wanted.length === 0) return [];
    return this.#writer.transaction(() =>
      wanted.map((receipts) => this.#member(receipts, batch.again === true)).filter((change) => change !== null),
    );
  }

  #member(receipts: MemberReceipts, again: boolean): StatusChange | null {
    const { userId, conversationId } = receipts;
    const { member, mark, message, see, move } = this.#statements();
    const before = member.get([userId, conversationId]) as MemberRow | undefined;
    if (before === undefined) return null;
    const step = decideReceipts(before, receipts);
    const told: { seq: Seq; messageId: MessageId }[] = [];
    let { seenExactSeq } = before;
    for (const { seq, atUs, impliesDelivered } of step.exact) {
      const row = message.get([conversationId, seq, userId]) as MessageRow | undefined;
      if (row === undefined || (row.seen === 1 && !again)) continue;
      told.push({ seq, messageId: row.messageId });
      if (row.seen === 1) continue;
      see.run([atUs, impliesDelivered ? atUs : null, row.messageId]);
      seenExactSeq = Math.max(seenExactSeq, seq);
    }
    const { deliveredSeq, deliveredAtUs, seenSeq, seenAtUs } = step.after;
    if (step.moved && before.kind === 'personal') {
      mark.run([conversationId, userId, deliveredSeq, seenSeq, deliveredAtUs, seenAtUs]);
    }
    if (step.moved || seenExactSeq > before.seenExactSeq) {
      move.run([deliveredSeq, deliveredAtUs, seenSeq, seenAtUs, seenExactSeq, userId, conversationId]);
    }
    return statusChange(receipts, before, step, told, again);
  }

  /** Prepared at the first call: there are no tables before `migrate`. */
  #statements(): Statements {
    this.#prepared ??= {
      member: this.#database.prepare(
        `SELECT c.kind, m.joined_seq AS joinedSeq, MIN(c.last_seq, COALESCE(m.left_seq, c.last_seq)) AS reach,
         CASE WHEN c.kind = 'personal' THEN
           (SELECT p.user_id FROM members p WHERE p.conversation_id = m.conversation_id AND p.user_id <> m.user_id) END AS peerId,
         m.delivered_seq AS deliveredSeq, m.delivered_at AS deliveredAtUs, m.seen_seq AS seenSeq, m.seen_at AS seenAtUs,
         m.seen_exact_seq AS seenExactSeq
         FROM members m JOIN conversations c ON c.id = m.conversation_id WHERE m.user_id = ? AND m.conversation_id = ?`,
      ),
      move: this.#database.prepare(
        `UPDATE members SET delivered_seq = ?, delivered_at = ?, seen_seq = ?, seen_at = ?, seen_exact_seq = ?
         WHERE user_id = ? AND conversation_id = ?`,
      ),
      mark: this.#database.prepare(
        `INSERT INTO receipt_marks (conversation_id, user_id, delivered_seq, seen_seq, delivered_at, seen_at)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      ),
      message: this.#database.prepare(
        `SELECT id AS messageId, status = 'seen' AS seen FROM messages WHERE conversation_id = ? AND seq = ? AND recipient_id = ?`,
      ),
      see: this.#database.prepare(
        `UPDATE messages SET status = 'seen', seen_at = ?, delivered_at = COALESCE(delivered_at, ?) WHERE id = ?`,
      ),
    };
    return this.#prepared;
  }
}
