/** Rows as the driver gives them. */
export type Query = <Row>(sql: string, values?: readonly (string | number)[]) => Promise<Row[]>;

export interface MessageRow {
  readonly conversationId: number;
  readonly seq: number;
  readonly senderId: number;
  readonly recipientId: number | null;
  /** Of a personal message. */
  readonly status: 'sent' | 'delivered' | 'seen';
  /** Microseconds since the epoch, like all times here. */
  readonly sentAtUs: number;
  readonly deliveredAtUs: number | null;
  readonly seenAtUs: number | null;
}

export interface MemberRow {
  readonly deliveredSeq: number;
  readonly deliveredAtUs: number | null;
  readonly seenSeq: number;
  readonly seenAtUs: number | null;
}

export interface ConversationRow {
  readonly kind: string;
  readonly name: string;
  readonly description: string;
  readonly lastSeq: number;
}

/** What a frame could have changed. Deliveries go on by themselves and are not in it. */
export interface StoredTotals {
  readonly users: number;
  readonly conversations: number;
  readonly members: number;
  readonly messages: number;
  /** Sum of all heads and of all members' versions: a number given out and not used would show. */
  readonly heads: number;
  /** Personal messages that are seen, and the sum of all groups' seen cursors. */
  readonly seen: number;
  readonly seenCursors: number;
}

/** Looks into the tables of a target, past the node. */
export class StoreView {
  readonly #query: Query;
  readonly #micros: (column: string) => string;

  /** @param micros a time column as microseconds since the epoch */
  constructor(query: Query, micros: (column: string) => string) {
    this.#query = query;
    this.#micros = micros;
  }

  async message(messageId: number): Promise<MessageRow> {
    const rows = await this.#query<MessageRow>(
      `SELECT m.conversation_id AS conversationId, m.seq, m.sender_id AS senderId, m.recipient_id AS recipientId,
       COALESCE(s.status, 'sent') AS status, ${this.#time('m.sent_at', 'sentAtUs')},
       ${this.#time('s.delivered_at', 'deliveredAtUs')}, ${this.#time('s.seen_at', 'seenAtUs')}
       FROM messages m LEFT JOIN message_status s ON s.id = m.id WHERE m.id = ?`,
      [messageId],
    );
    return only(rows, `message ${messageId}`);
  }

  async member(conversationId: number, userId: number): Promise<MemberRow> {
    const rows = await this.#query<MemberRow>(
      `SELECT delivered_seq AS deliveredSeq, ${this.#time('delivered_at', 'deliveredAtUs')},
       seen_seq AS seenSeq, ${this.#time('seen_at', 'seenAtUs')} FROM members WHERE conversation_id = ? AND user_id = ?`,
      [conversationId, userId],
    );
    return only(rows, `member ${userId} of ${conversationId}`);
  }

  /** Ids, ascending. */
  async members(conversationId: number): Promise<number[]> {
    const rows = await this.#query<{ id: number }>(
      'SELECT user_id AS id FROM members WHERE conversation_id = ? ORDER BY user_id',
      [conversationId],
    );
    return rows.map(({ id }) => id);
  }

  async conversation(conversationId: number): Promise<ConversationRow> {
    const rows = await this.#query<ConversationRow>(
      'SELECT kind, name, description, last_seq AS lastSeq FROM conversations WHERE id = ?',
      [conversationId],
    );
    return only(rows, `conversation ${conversationId}`);
  }

  async userName(userId: number): Promise<string | null> {
    const [row] = await this.#query<{ name: string }>('SELECT name FROM users WHERE id = ?', [userId]);
    return row?.name ?? null;
  }

  /** Messages to a user that are not known to have reached it, in personal conversations. */
  async notDelivered(userId: number): Promise<number> {
    const rows = await this.#query<{ n: number }>(
      `SELECT COUNT(*) AS n FROM message_status WHERE recipient_id = ? AND status = 'sent'`,
      [userId],
    );
    return only(rows, 'a count').n;
  }

  async totals(): Promise<StoredTotals> {
    const rows = await this.#query<Record<keyof StoredTotals, number | string>>(
      `SELECT (SELECT COUNT(*) FROM users) AS users, (SELECT COUNT(*) FROM conversations) AS conversations,
       (SELECT COUNT(*) FROM members) AS members, (SELECT COUNT(*) FROM messages) AS messages,
       (SELECT COALESCE(SUM(last_seq + members_version), 0) FROM conversations) AS heads,
       (SELECT COUNT(*) FROM message_status WHERE status = 'seen') AS seen,
       (SELECT COALESCE(SUM(seen_seq), 0) FROM members) AS seenCursors`,
    );
    // MySQL gives sums as decimals, which the driver keeps as text.
    const numbers = Object.entries(only(rows, 'totals')).map(([name, value]) => [name, Number(value)]);
    return Object.fromEntries(numbers) as StoredTotals;
  }

  #time(column: string, as: string): string {
    return `${this.#micros(column)} AS ${as}`;
  }
}

function only<Row>(rows: readonly Row[], what: string): Row {
  const [row] = rows;
  if (row === undefined || rows.length > 1) throw new Error(`${rows.length} rows for ${what}`);
  return row;
}
