import { type ConversationId, StoreError } from '@parley/core';
import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import type { MysqlStoreOptions, SqlStores } from '../src/index.ts';
import { TestDatabase } from './mysql-harness.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** A database whose connections can be cut, held and made to wait; for the `describe` block in which it is made. */
export class DatabaseFaults {
  readonly database = new TestDatabase();
  #direct: SqlStores | null = null;
  #proxy: TcpProxy | null = null;

  constructor() {
    beforeAll(async () => {
      this.#direct = await this.database.open();
      await this.#direct.migrate();
    });
    afterAll(() => this.database.drop());
    beforeEach(() => this.startProxy());
    afterEach(() => this.proxy.stop());
  }

  /** Stores that no fault comes near. */
  get direct(): SqlStores {
    if (this.#direct === null) throw new Error('not open yet');
    return this.#direct;
  }

  /** A new one for each test. */
  get proxy(): TcpProxy {
    if (this.#proxy === null) throw new Error('no proxy yet');
    return this.#proxy;
  }

  async startProxy(port = 0): Promise<void> {
    this.#proxy = await TcpProxy.to(this.database, port);
  }

  /** Stores whose connections go through the proxy. */
  throughProxy(options: Partial<MysqlStoreOptions> = {}): Promise<SqlStores> {
    return this.database.open({ ...this.proxy.address, ...options });
  }

  /** Opens a transaction that holds the row of a conversation. */
  async hold(conversationId: ConversationId): Promise<Connection> {
    const holder = await this.database.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT id FROM conversations WHERE id = ? FOR UPDATE', [conversationId]);
    return holder;
  }

  /** Waits until so many sessions of this database are in a statement like this one, in any case; gives their ids. */
  waiting(pattern: string, count = 1): Promise<number[]> {
    return vi.waitFor(
      async () => {
        const found = await this.database.run<{ id: number }>(
          'SELECT id FROM information_schema.processlist WHERE db = ? AND LOWER(info) LIKE ? AND id <> CONNECTION_ID()',
          [this.database.options.database, pattern.toLowerCase()],
        );
        expect(found).toHaveLength(count);
        return found.map(({ id }) => id);
      },
      { timeout: 10_000, interval: 10 },
    );
  }
}

/** The `StoreError` that the call rejects with; anything else fails the test. */
export async function failure(call: Promise<unknown>): Promise<StoreError> {
  const error = await call.then(
    () => new Error('expected a failure'),
    (reason: unknown) => reason,
  );
  if (error instanceof StoreError) return error;
  throw error;
}
