import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { processCpuUs } from '../cpu.ts';
import type { MysqlAddress } from '../peers/plain-store-mysql.ts';
import type { RawResult } from './raw-result.ts';

export const INSERT_ROWS = 64;
export const INSERT_CONNECTIONS = 2;

/** The columns and keys of the real table, so that a row costs what a message's row costs. */
const TABLE = `CREATE TABLE raw_messages (
  conversation_id BIGINT UNSIGNED NOT NULL, seq BIGINT UNSIGNED NOT NULL, id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  sender_id BIGINT UNSIGNED NOT NULL, recipient_id BIGINT UNSIGNED NULL, client_id VARBINARY(64) NOT NULL, body TEXT NOT NULL,
  status ENUM('sent', 'delivered', 'seen') CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'sent',
  delivered_at DATETIME(6) NULL, seen_at DATETIME(6) NULL, sent_at DATETIME(6) NOT NULL,
  PRIMARY KEY (conversation_id, seq), UNIQUE KEY (id), UNIQUE KEY (conversation_id, sender_id, client_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`;

/**
 * Multi-row INSERTs of 64 rows over 2 connections, one commit each, flushed to the disk: the most that a database gives to anyone who
 * writes messages in batches. The rows go to as many conversations as in the load.
 */
export async function measureInsert(options: {
  readonly mysql: MysqlAddress;
  readonly pid: number;
  readonly bodyLength: number;
  readonly conversations: number;
  readonly durationMs: number;
}): Promise<RawResult> {
  const { mysql, pid, bodyLength, conversations, durationMs } = options;
  const body = '.'.repeat(bodyLength);
  const connections = await Promise.all(
    Array.from({ length: INSERT_CONNECTIONS }, () => createConnection({ ...mysql, charset: 'utf8mb4' })),
  );
  const [first] = connections;
  if (first === undefined) throw new Error('no connection');
  await requireFlush(first);
  await first.query('DROP TABLE IF EXISTS raw_messages');
  await first.query(TABLE);
  let row = 0;
  let committed = 0;
  const batch = (): string => {
    const values: string[] = [];
    for (let i = 0; i < INSERT_ROWS; i++) {
      row++;
      const conversation = (row % conversations) + 1;
      values.push(
        `(${conversation},${row},1,2,'${row.toString(36).padStart(22, '0')}','${body}','2020-01-01 00:00:00.000000')`,
      );
    }
    return `INSERT INTO raw_messages (conversation_id, seq, sender_id, recipient_id, client_id, body, sent_at) VALUES ${values.join()}`;
  };
  const write = async (connection: Connection, untilMs: number): Promise<void> => {
    while (performance.now() < untilMs) {
      await connection.query(batch());
      committed += INSERT_ROWS;
    }
  };
  const all = (ms: number): Promise<unknown> => {
    const untilMs = performance.now() + ms;
    return Promise.all(connections.map((connection) => write(connection, untilMs)));
  };
  await all(durationMs / 4);
  committed = 0;
  const cpuBefore = processCpuUs(pid);
  const startMs = performance.now();
  await all(durationMs);
  const seconds = (performance.now() - startMs) / 1_000;
  const cpuUs = processCpuUs(pid) - cpuBefore;
  await first.query('DROP TABLE raw_messages');
  await Promise.all(connections.map((connection) => connection.end()));
  return { perSecond: committed / seconds, serverCpuUs: cpuUs / committed };
}

/** All numbers of the bench mean: a commit is on the disk. */
async function requireFlush(connection: Connection): Promise<void> {
  const [rows] = await connection.query<RowDataPacket[]>('SELECT @@innodb_flush_log_at_trx_commit AS flush');
  if (Number(rows[0]?.flush) !== 1) throw new Error('the database does not flush at each commit');
}
