import { Redis } from 'ioredis';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import type { MysqlAddress } from '../peers/plain-store-mysql.ts';

const COMMITS = 'trx_rw_commits';

export interface Counters {
  /** PUBLISH and SPUBLISH commands, those of scripts included. */
  readonly publishes: number;
  /** Transactions that InnoDB committed, reads not included. */
  readonly commits: number;
}

/** Reads what Redis and the database have counted; on connections of its own, opened beforehand. */
export class CounterReader {
  readonly #redis: Redis;
  readonly #mysql: Connection;

  private constructor(redis: Redis, mysql: Connection) {
    this.#redis = redis;
    this.#mysql = mysql;
  }

  static async open(redisUrl: string, mysql: MysqlAddress): Promise<CounterReader> {
    const connection = await createConnection({ ...mysql });
    await connection.query(`SET GLOBAL innodb_monitor_enable = '${COMMITS}'`);
    return new CounterReader(new Redis(redisUrl), connection);
  }

  async read(): Promise<Counters> {
    const [stats, [rows]] = await Promise.all([
      this.#redis.info('commandstats'),
      this.#mysql.query<RowDataPacket[]>('SELECT COUNT FROM information_schema.INNODB_METRICS WHERE NAME = ?', [
        COMMITS,
      ]),
    ]);
    let publishes = 0;
    for (const match of stats.matchAll(/^cmdstat_s?publish:calls=(\d+)/gm)) publishes += Number(match[1]);
    return { publishes, commits: Number(rows[0]?.COUNT ?? 0) };
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
    await this.#mysql.end();
  }
}
