import type {
  ConversationId,
  ConversationKind,
  DeliveredReceipt,
  GroupSeenReceipt,
  ReceiptBatch,
  ReceiptStore,
  SeenReceipt,
  Seq,
  TimeUs,
  UserId,
} from '@parley/core';
import type { Database, Statement } from './sqlite-database.ts';
import type { SqliteWriter } from './sqlite-writer.ts';

interface MemberRow {
  readonly kind: ConversationKind;
  readonly reach: Seq;
  readonly delivered_seq: Seq;
  readonly seen_seq: Seq;
}

interface Statements {
  readonly member: Statement;
  readonly moveDelivered: Statement;
  readonly moveSeen: Statement;
  readonly deliver: Statement;
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

  async apply(batch: ReceiptBatch): Promise<void> {
    if (batch.delivered.length + batch.seen.length + batch.groupSeen.length === 0) return;
    await this.#writer.transaction(() => {
      for (const receipt of batch.delivered) this.#delivered(receipt);
      for (const receipt of batch.seen) this.#seen(receipt);
      for (const receipt of batch.groupSeen) this.#groupSeen(receipt);
    });
  }

  #delivered({ userId, conversationId, seq, atUs }: DeliveredReceipt): void {
    const member = this.#member(userId, conversationId);
    if (member === undefined) return;
    const upto = Math.min(seq, member.reach);
    if (upto <= member.delivered_seq) return;
    if (member.kind === 'personal')
      this.#statements().deliver.run([atUs, conversationId, member.delivered_seq, upto, userId]);
    this.#moveDelivered(userId, conversationId, upto, atUs);
  }

  #seen({ userId, conversationId, seqs, atUs }: SeenReceipt): void {
    const { see } = this.#statements();
    for (const seq of new Set(seqs)) see.run([atUs, atUs, conversationId, seq, userId]);
  }

  #groupSeen({ userId, conversationId, seq, atUs }: GroupSeenReceipt): void {
    const member = this.#member(userId, conversationId);
    if (member?.kind !== 'group') return;
    const upto = Math.min(seq, member.reach);
    if (upto > member.delivered_seq) this.#moveDelivered(userId, conversationId, upto, atUs);
    if (upto > member.seen_seq) this.#statements().moveSeen.run([upto, atUs, userId, conversationId]);
  }

  #member(userId: UserId, conversationId: ConversationId): MemberRow | undefined {
    return this.#statements().member.get([userId, conversationId]) as MemberRow | undefined;
  }

  #moveDelivered(userId: UserId, conversationId: ConversationId, seq: Seq, atUs: TimeUs): void {
    this.#statements().moveDelivered.run([seq, atUs, userId, conversationId]);
  }

  /** Prepared at the first call: there are no tables before `migrate`. */
  #statements(): Statements {
    this.#prepared ??= {
      member: this.#database.prepare(
        `SELECT c.kind, MIN(c.last_seq, COALESCE(m.left_seq, c.last_seq)) AS reach, m.delivered_seq, m.seen_seq
         FROM members m JOIN conversations c ON c.id = m.conversation_id WHERE m.user_id = ? AND m.conversation_id = ?`,
      ),
      moveDelivered: this.#database.prepare(
        'UPDATE members SET delivered_seq = ?, delivered_at = ? WHERE user_id = ? AND conversation_id = ?',
      ),
      moveSeen: this.#database.prepare(
        'UPDATE members SET seen_seq = ?, seen_at = ? WHERE user_id = ? AND conversation_id = ?',
      ),
      deliver: this.#database.prepare(
        `UPDATE messages SET status = 'delivered', delivered_at = ?
         WHERE conversation_id = ? AND seq > ? AND seq <= ? AND recipient_id = ? AND status = 'sent'`,
      ),
      see: this.#database.prepare(
        `UPDATE messages SET status = 'seen', seen_at = ?, delivered_at = COALESCE(delivered_at, ?)
         WHERE conversation_id = ? AND seq = ? AND recipient_id = ? AND status <> 'seen'`,
      ),
    };
    return this.#prepared;
  }
}
