import { randomBytes } from 'node:crypto';
import type { StoreHarness, Stores } from '@parley/core/testing';
import { type Connection, createConnection } from 'mysql2/promise';
import { type MysqlStoreOptions, openMysqlStore, type SqlStores } from '../src/index.ts';

/** The server that the test runner has given, which lets us create databases. */
export const server = {
  host: process.env.mysql_host ?? '127.0.0.1',
  port: Number(process.env.mysql_port ?? 3306),
  user: process.env.mysql_user ?? 'root',
  password: process.env.mysql_password ?? '',
};

async function onServer(text: string): Promise<void> {
  const connection = await createConnection(server);
  await connection.query(text);
  await connection.end();
}

/** A database of its own, and a plain connection behind the stores' back. Rows come as objects. */
export class TestDatabase {
  readonly options: MysqlStoreOptions;
  readonly #stores: SqlStores[] = [];

  constructor() {
    this.options = { ...server, database: `parley_test_${randomBytes(6).toString('hex')}` };
  }

  async open(overrides: Partial<MysqlStoreOptions> = {}): Promise<SqlStores> {
    const stores = await openMysqlStore({ ...this.options, ...overrides });
    this.#stores.push(stores);
    return stores;
  }

  /** With a default that cannot hold an emoji: whatever needs utf8mb4 must say so. Without it, `migrate` creates the database. */
  async createLatin1(): Promise<void> {
    await onServer(`CREATE DATABASE ${this.options.database} CHARACTER SET latin1`);
  }

  /** A connection to hold locks with; the caller ends it. */
  connect(): Promise<Connection> {
    return createConnection({ ...server, database: this.options.database });
  }

  async run<Row = Record<string, unknown>>(text: string, values: (string | number)[] = []): Promise<Row[]> {
    const connection = await this.connect();
    try {
      const [rows] = await connection.query(text, values);
      return rows as Row[];
    } finally {
      await connection.end();
    }
  }

  async drop(): Promise<void> {
    await Promise.all(this.#stores.map((stores) => stores.close()));
    await onServer(`DROP DATABASE IF EXISTS ${this.options.database}`);
  }
}

const micros = (column: string): string => `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${column})`;

export const openMysqlHarness = async (): Promise<StoreHarness & SqlStores> => {
  const database = new TestDatabase();
  await database.createLatin1();
  const stores = await database.open();
  await stores.migrate();
  return {
    ...stores,
    another: (): Promise<Stores> => database.open({ maxReadConnections: 2, maxWriteConnections: 2 }),
    statuses: (conversationId) =>
      database.run(
        `SELECT seq, status, ${micros('delivered_at')} AS deliveredAtUs, ${micros('seen_at')} AS seenAtUs
         FROM message_status WHERE conversation_id = ? ORDER BY seq`,
        [conversationId],
      ),
    cursors: async (userId, conversationId) => {
      const [row] = await database.run<Awaited<ReturnType<StoreHarness['cursors']>>>(
        `SELECT delivered_seq AS deliveredSeq, ${micros('delivered_at')} AS deliveredAtUs,
         seen_seq AS seenSeq, ${micros('seen_at')} AS seenAtUs FROM members WHERE user_id = ? AND conversation_id = ?`,
        [userId, conversationId],
      );
      return row!;
    },
    removeMember: async (conversationId, userId) => {
      await database.run(
        `UPDATE members m JOIN conversations c ON c.id = m.conversation_id
         SET m.left_seq = c.last_seq, c.members_version = c.members_version + 1
         WHERE m.conversation_id = ? AND m.user_id = ?`,
        [conversationId, userId],
      );
    },
    close: () => database.drop(),
  };
};
