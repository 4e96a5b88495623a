import { connect, type Socket } from 'node:net';
import { type Connection, createConnection, type ResultSetHeader, type SslOptions } from 'mysql2';
import { isServerError, QueryTimeoutError } from './mysql-error.ts';
import { formatQuery } from './query-format.ts';

export interface MysqlAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Null: none, to create one. */
  readonly database: string | null;
  /** TLS as mysql2 takes it; absent: none. */
  readonly tls?: SslOptions;
}

export interface ConnectionLimits {
  readonly connectTimeoutMs: number;
  readonly queryTimeoutMs: number;
  /** The server ends a session that says nothing for this long, and gives up its locks: a node that was stopped mid-transaction. */
  readonly sessionIdleTimeoutMs: number;
  /** How long a statement waits for a row lock. */
  readonly lockWaitTimeoutMs: number;
}

export interface QueryOptions {
  readonly values?: readonly unknown[];
  readonly rowsAsArray?: boolean;
  readonly timeoutMs?: number;
  /** Called for each statement of the text that was done and returned no rows. */
  readonly onDone?: () => void;
}

/** Of a text that a statement packs many rows into; MySQL's own default is one KB. */
const MAX_PACKED_BYTES = 16_777_216;

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

/**
 * One session. A query is answered, refused by the server, or ends the connection: an error that did not come from the server, or no
 * answer in time, leaves the protocol in an unknown place, so the socket is destroyed at once and the query rejects.
 */
export class MysqlConnection {
  readonly #raw: Connection;
  readonly #socket: Socket;
  readonly #queryTimeoutMs: number;
  #usable = true;
  /** Ends the query under way: mysql2 forgets it when its connection is destroyed. */
  #abort: ((error: Error) => void) | null = null;
  /** `@@auto_increment_increment`: the step between the ids of one multi-row insert. */
  autoIncrementStep = 1;

  private constructor(raw: Connection, socket: Socket, queryTimeoutMs: number) {
    this.#raw = raw;
    this.#socket = socket;
    this.#queryTimeoutMs = queryTimeoutMs;
    // Also keeps an error between two queries from ending the process.
    raw.on('error', (error: Error) => this.destroy(error));
    raw.on('end', () => this.destroy());
  }

  /** Connects and sets the session up. Rejects within `connectTimeoutMs` plus three query timeouts. */
  static async open(
    address: MysqlAddress,
    limits: ConnectionLimits,
    options: { readonly multipleStatements: boolean },
  ): Promise<MysqlConnection> {
    const { host, port, user, password, database, tls } = address;
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 10_000 });
    const raw = createConnection({
      host,
      port,
      user,
      password,
      ...(database === null ? {} : { database }),
      ...(tls === undefined ? {} : { ssl: tls }),
      stream: () => socket,
      charset: 'utf8mb4_bin',
      connectTimeout: limits.connectTimeoutMs,
      multipleStatements: options.multipleStatements,
      queryFormat: formatQuery,
      supportBigNumbers: true,
      dateStrings: true,
      // No LOAD DATA LOCAL: a server must not be able to ask for our files.
      flags: ['-LOCAL_FILES'],
    });
    const connection = new MysqlConnection(raw, socket, limits.queryTimeoutMs);
    try {
      await new Promise<void>((resolve, reject) => {
        raw.connect((error) => (error === null ? resolve() : reject(error)));
      });
      await connection.#setUp(limits);
    } catch (error) {
      connection.destroy();
      throw error;
    }
    return connection;
  }

  /**
   * Nothing is left to the server's configuration. The two statements are those that MySQL and MariaDB share: the variable for the
   * isolation level has another name on each. `sql_mode` without `NO_BACKSLASH_ESCAPES` and `ANSI_QUOTES` is what `quote` relies on.
   */
  async #setUp(limits: ConnectionLimits): Promise<void> {
    await this.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
    await this.query(`SET SESSION sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', \
autocommit = 1, time_zone = '+00:00', wait_timeout = ${seconds(limits.sessionIdleTimeoutMs)}, \
innodb_lock_wait_timeout = ${seconds(limits.lockWaitTimeoutMs)}, group_concat_max_len = ${MAX_PACKED_BYTES}`);
    const rows = (await this.query('SELECT @@auto_increment_increment AS step')) as readonly { step: number }[];
    this.autoIncrementStep = rows[0]?.step ?? 1;
  }

  get usable(): boolean {
    return this.#usable;
  }

  /** One at a time. Sends a text (COM_QUERY, never a prepared statement). Resolves with mysql2's result: rows, a header, or an array of both. */
  query(text: string, options: QueryOptions = {}): Promise<unknown> {
    const { values, rowsAsArray = false, timeoutMs = this.#queryTimeoutMs, onDone } = options;
    return new Promise((resolve, reject) => {
      if (!this.#usable) {
        reject(new Error('the connection to the database is closed'));
        return;
      }
      let settled = false;
      const settle = (): boolean => {
        if (settled) return false;
        settled = true;
        clearTimeout(timer);
        this.#abort = null;
        return true;
      };
      const abort = (error: Error): void => {
        if (settle()) reject(error);
      };
      const timer = setTimeout(() => this.destroy(new QueryTimeoutError(timeoutMs)), timeoutMs);
      this.#abort = abort;
      const query = this.#raw.query(
        { sql: text, rowsAsArray, ...(values === undefined ? {} : { values: [...values] }) },
        (error, result) => {
          if (!settle()) return;
          if (error === null) {
            resolve(result);
            return;
          }
          if (!isServerError(error)) this.destroy();
          reject(error);
        },
      );
      // With a callback given, mysql2 emits `result` for headers only.
      if (onDone !== undefined) query.on('result', onDone);
    });
  }

  /** Ends the session politely; for a connection that no query uses. */
  close(): void {
    this.#usable = false;
    this.#raw.end();
    this.#socket.unref();
  }

  /** Cuts the socket. What is under way on the server may still be done, a COMMIT too. */
  destroy(reason = new Error('the connection to the database was lost')): void {
    if (!this.#usable) return;
    this.#usable = false;
    this.#raw.destroy();
    this.#socket.destroy();
    this.#abort?.(reason);
  }
}

export type { ResultSetHeader };
