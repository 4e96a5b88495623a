import { Redis } from 'ioredis';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import type { MysqlAddress } from '../peers/plain-store-mysql.ts';

const COMMITS = 'trx_rw_commits';

export interface Counters {
  /** PUBLISH and SPUBLISH commands, those of scripts included. */
  readonly publishes: number;
  /** Transactions that InnoDB committed, reads not included. */
  readonly commits: number;
  /** Rows inserted, updated and deleted where only receipts write once members have joined. */
  readonly receiptRows: number;
  /** SELECT statements, other than those of this reader. */
  readonly selects: number;
}

/** Reads what Redis and the database have counted; on connections of its own, opened beforehand. */
export class CounterReader {
  readonly #redis: Redis;
  readonly #mysql: Connection;
  #own = 0;

  private constructor(redis: Redis, mysql: Connection) {
    this.#redis = redis;
    this.#mysql = mysql;
  }

  static async open(redisUrl: string, mysql: MysqlAddress): Promise<CounterReader> {
    const connection = await createConnection({ ...mysql });
    await connection.query(`SET GLOBAL innodb_monitor_enable = '${COMMITS}'`);
    // MariaDB's counts of rows per table.
    await connection.query('SET GLOBAL userstat = 1');
    return new CounterReader(new Redis(redisUrl), connection);
  }

  async read(): Promise<Counters> {
    const stats = await this.#redis.info('commandstats');
    let publishes = 0;
    for (const match of stats.matchAll(/^cmdstat_s?publish:calls=(\d+)/gm)) publishes += Number(match[1]);
    const commits = await this.#number(
      `SELECT COUNT AS value FROM information_schema.INNODB_METRICS WHERE NAME = '${COMMITS}'`,
    );
    const receiptRows = await this.#number(
      `SELECT COALESCE(SUM(rows_changed), 0) AS value FROM information_schema.table_statistics
        WHERE table_schema = DATABASE() AND table_name IN ('members', 'receipt_marks')`,
    );
    // Last, without the two above and itself; a SELECT counts before it runs.
    const selects = await this.#number(
      `SELECT variable_value AS value FROM information_schema.global_status WHERE variable_name = 'COM_SELECT'`,
    );
    this.#own += 3;
    return { publishes, commits, receiptRows, selects: selects - this.#own };
  }

  async #number(query: string): Promise<number> {
    const [rows] = await this.#mysql.query<RowDataPacket[]>(query);
    return Number(rows[0]?.value ?? 0);
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
    await this.#mysql.end();
  }
}
