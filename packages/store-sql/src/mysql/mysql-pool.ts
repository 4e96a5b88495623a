import type { MysqlConnection } from './mysql-connection.ts';
import { PoolError } from './mysql-error.ts';

export interface PoolOptions {
  readonly connect: () => Promise<MysqlConnection>;
  readonly maxConnections: number;
  /** Callers that may wait for a connection; one more is refused at once. */
  readonly maxWaiting: number;
  readonly acquireTimeoutMs: number;
  /** An idle connection is pinged this often: the server ends sessions that say nothing. */
  readonly keepAliveMs: number;
  /** `close` waits this long for connections in use, then destroys them. */
  readonly closeTimeoutMs: number;
}

interface Waiter {
  readonly take: (connection: MysqlConnection) => void;
  readonly fail: (error: unknown) => void;
}

/** Connections to one database, opened on demand. What is acquired must be released once, usable or not. */
export class MysqlPool {
  readonly #options: PoolOptions;
  readonly #idle: { readonly connection: MysqlConnection; readonly sinceMs: number }[] = [];
  readonly #waiting = new Set<Waiter>();
  readonly #inUse = new Set<MysqlConnection>();
  readonly #keepAlive: NodeJS.Timeout;
  #connecting = 0;
  #closed = false;
  #whenUnused: (() => void) | null = null;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#keepAlive = setInterval(() => this.#pingIdle(), options.keepAliveMs).unref();
  }

  /** Rejects with a `PoolError`, or with the error of connecting, within `acquireTimeoutMs`. */
  acquire(): Promise<MysqlConnection> {
    if (this.#closed) return Promise.reject(new PoolError('the store is closed'));
    for (let entry = this.#idle.pop(); entry !== undefined; entry = this.#idle.pop()) {
      if (!entry.connection.usable) continue;
      this.#inUse.add(entry.connection);
      return Promise.resolve(entry.connection);
    }
    if (this.#waiting.size >= this.#options.maxWaiting)
      return Promise.reject(new PoolError(`${this.#waiting.size} callers already wait for a database connection`));
    return new Promise((resolve, reject) => {
      const { acquireTimeoutMs } = this.#options;
      const timer = setTimeout(() => {
        this.#waiting.delete(waiter);
        reject(new PoolError(`no database connection became free within ${acquireTimeoutMs} ms`));
      }, acquireTimeoutMs);
      const waiter: Waiter = {
        take: (connection) => {
          clearTimeout(timer);
          resolve(connection);
        },
        fail: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#waiting.add(waiter);
      this.#connectIfNeeded();
    });
  }

  release(connection: MysqlConnection): void {
    if (!this.#inUse.delete(connection)) return;
    if (this.#closed) {
      connection.close();
    } else if (connection.usable) {
      this.#offer(connection);
    } else {
      this.#connectIfNeeded();
    }
    if (this.#inUse.size === 0) this.#whenUnused?.();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#keepAlive);
    for (const waiter of this.#waiting) waiter.fail(new PoolError('the store is closed'));
    this.#waiting.clear();
    for (const { connection } of this.#idle.splice(0)) connection.close();
    if (this.#inUse.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#options.closeTimeoutMs);
      this.#whenUnused = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    for (const connection of this.#inUse) connection.destroy();
  }

  #offer(connection: MysqlConnection): void {
    const [waiter] = this.#waiting;
    if (waiter === undefined) {
      this.#idle.push({ connection, sinceMs: performance.now() });
      return;
    }
    this.#waiting.delete(waiter);
    this.#inUse.add(connection);
    waiter.take(connection);
  }

  #connectIfNeeded(): void {
    const { maxConnections, connect } = this.#options;
    if (this.#connecting >= this.#waiting.size) return;
    if (this.#inUse.size + this.#idle.length + this.#connecting >= maxConnections) return;
    this.#connecting += 1;
    connect().then(
      (connection) => {
        this.#connecting -= 1;
        if (this.#closed) connection.close();
        else this.#offer(connection);
      },
      (error: unknown) => {
        this.#connecting -= 1;
        // The oldest waiter hears of it; each further one has its own attempt.
        const [waiter] = this.#waiting;
        if (waiter === undefined) return;
        this.#waiting.delete(waiter);
        waiter.fail(error);
        this.#connectIfNeeded();
      },
    );
  }

  #pingIdle(): void {
    const dueMs = performance.now() - this.#options.keepAliveMs / 2;
    const due = this.#idle.filter(({ connection, sinceMs }) => sinceMs <= dueMs || !connection.usable);
    for (const entry of due) {
      this.#idle.splice(this.#idle.indexOf(entry), 1);
      if (!entry.connection.usable) continue;
      this.#inUse.add(entry.connection);
      const done = () => this.release(entry.connection);
      entry.connection.query('SELECT 1').then(done, () => {
        entry.connection.destroy();
        done();
      });
    }
  }
}
