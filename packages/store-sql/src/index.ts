/**
 * The stores of Parley on SQL: `openMysqlStore` for a cluster (MySQL 8.4, MariaDB 10.11 and later; InnoDB), `openSqliteStore` for a node
 * that keeps its own data in one file (libsql, in-process). Both give `SqlStores`: the ports of `@parley/core`, the schema, and `close`.
 *
 * ```ts
 * const stores = await openMysqlStore({ host, port, user, password, database });
 * await stores.migrate();       // its own command in a cluster: `npx parley migrate`
 * await stores.assertSchema();  // throws a SchemaError that says what to run
 * await stores.messages.append(rows);
 * await stores.close();
 * ```
 *
 * Every method of a port rejects with a `StoreError` and within a bounded time. `append` does not repeat what failed: its caller knows
 * whether it is still wanted. G1 rests on the server's `innodb_flush_log_at_trx_commit=1` (its default); asynchronous replication
 * loses acknowledged messages on failover, whatever a client does.
 */
export type { EpochChange } from './epoch-sql.ts';
export type { MemberFacts, MessageFacts, StoreInspector } from './inspector-sql.ts';
export { MAX_MARKS_PER_CALL, type MarkThinning, type ThinnedMarks } from './mark-store-sql.ts';
export type { MarkPlace } from './mark-thinning.ts';
export type { MigrationReport } from './migrator.ts';
export { type MysqlStoreOptions, openMysqlStore } from './mysql/open-mysql-store.ts';
export { SchemaError } from './schema-error.ts';
export type { SqlStores } from './sql-stores.ts';
export { openSqliteStore, type SqliteStoreOptions } from './sqlite/open-sqlite-store.ts';
export { DatabaseInUseError } from './sqlite/sqlite-database.ts';
