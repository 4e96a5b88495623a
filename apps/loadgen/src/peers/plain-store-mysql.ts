import { createPool, type Pool, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import { type PlainConversation, type PlainKind, type PlainStore, pairKey } from './plain-store.ts';

export interface MysqlAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS plain_conversations (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, kind VARCHAR(8) NOT NULL,
     pair_key VARCHAR(40) NULL UNIQUE) ENGINE=InnoDB`,
  `CREATE TABLE IF NOT EXISTS plain_members (conversation_id BIGINT NOT NULL, user_id BIGINT NOT NULL,
     PRIMARY KEY (conversation_id, user_id)) ENGINE=InnoDB`,
  `CREATE TABLE IF NOT EXISTS plain_messages (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, conversation_id BIGINT NOT NULL,
     sender_id BIGINT NOT NULL, body TEXT NOT NULL, sent_at BIGINT NOT NULL, status VARCHAR(9) NOT NULL DEFAULT 'sent',
     KEY (conversation_id, id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
];

/** The plain way: a pool, and one autocommitted INSERT per message. Conversations are cached for ever; their members never change here. */
export class MysqlPlainStore implements PlainStore {
  readonly #pool: Pool;
  readonly #cache = new Map<number, PlainConversation>();

  private constructor(pool: Pool) {
    this.#pool = pool;
  }

  static async open(address: MysqlAddress, connections: number): Promise<MysqlPlainStore> {
    const pool = createPool({ ...address, connectionLimit: connections, charset: 'utf8mb4' });
    for (const statement of SCHEMA) await pool.query(statement);
    return new MysqlPlainStore(pool);
  }

  async openPersonal(a: number, b: number): Promise<PlainConversation> {
    const key = pairKey(a, b);
    await this.#pool.query('INSERT IGNORE INTO plain_conversations (kind, pair_key) VALUES (?, ?)', ['personal', key]);
    const [rows] = await this.#pool.query<RowDataPacket[]>('SELECT id FROM plain_conversations WHERE pair_key = ?', [
      key,
    ]);
    return this.#enter(Number(rows[0]?.id), 'personal', [a, b]);
  }

  async createGroup(members: readonly number[]): Promise<PlainConversation> {
    const [result] = await this.#pool.query<ResultSetHeader>('INSERT INTO plain_conversations (kind) VALUES (?)', [
      'group',
    ]);
    return this.#enter(result.insertId, 'group', [...new Set(members)]);
  }

  async conversation(id: number): Promise<PlainConversation | null> {
    const cached = this.#cache.get(id);
    if (cached !== undefined) return cached;
    const [rows] = await this.#pool.query<RowDataPacket[]>(
      'SELECT c.kind, m.user_id FROM plain_conversations c JOIN plain_members m ON m.conversation_id = c.id WHERE c.id = ?',
      [id],
    );
    const first = rows[0];
    if (first === undefined) return null;
    const conversation = { id, kind: first.kind as PlainKind, members: rows.map((row) => Number(row.user_id)) };
    this.#cache.set(id, conversation);
    return conversation;
  }

  async insert(conversationId: number, senderId: number, body: string, sentAtUs: number): Promise<number> {
    const [result] = await this.#pool.query<ResultSetHeader>(
      'INSERT INTO plain_messages (conversation_id, sender_id, body, sent_at) VALUES (?, ?, ?, ?)',
      [conversationId, senderId, body, sentAtUs],
    );
    return result.insertId;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #enter(id: number, kind: PlainKind, members: readonly number[]): Promise<PlainConversation> {
    const rows = members.map((member) => [id, member]);
    await this.#pool.query('INSERT IGNORE INTO plain_members (conversation_id, user_id) VALUES ?', [rows]);
    const conversation = { id, kind, members };
    this.#cache.set(id, conversation);
    return conversation;
  }
}
