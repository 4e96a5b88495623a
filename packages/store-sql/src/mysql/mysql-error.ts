import { StoreError } from '@parley/core';

const DUPLICATE_ENTRY = 1062;
const DEADLOCK = 1213;
const UNKNOWN_DATABASE = 1049;
const NO_SUCH_TABLE = 1146;

/** Errors of the server that pass: the same call can succeed later, perhaps on another connection. */
const PASSING = new Set([
  1040, // too many connections
  1047, // a Galera node that is not in sync
  1053, // server is shutting down
  1077, // server: normal shutdown
  1079, // server: shutdown complete
  1158, // network: read error
  1159, // network: read timeout
  1160, // network: write error
  1161, // network: write timeout
  1203, // too many connections of this user
  1205, // lock wait timeout
  1213, // deadlock
  1223, // global read lock
  1226, // a resource limit of this user
  1290, // --read-only: a failover is under way
  1317, // query was killed
  1836, // read-only mode
  1927, // MariaDB: connection was killed
  3100, // MySQL group replication refused the commit
  3101, // MySQL group replication rolled back
  3169, // MySQL: session was killed
  4031, // MySQL: closed for inactivity
]);

/** No answer within the time; the connection has been destroyed. */
export class QueryTimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`the database gave no answer within ${timeoutMs} ms`);
    this.name = 'QueryTimeoutError';
  }
}

/** No connection to be had: too many callers wait, or none became free in time. */
export class PoolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PoolError';
  }
}

const errnoOf = (error: unknown): number | null => {
  const { errno, sqlState } = (error ?? {}) as { errno?: unknown; sqlState?: unknown };
  // The driver's own errors (sockets, protocol) have a negative errno or none, and never an SQL state.
  return typeof sqlState === 'string' && typeof errno === 'number' ? errno : null;
};

/** The server has answered with this error, so the connection is alive and in a known state. */
export const isServerError = (error: unknown): boolean => errnoOf(error) !== null;
export const isDuplicateEntry = (error: unknown): boolean => errnoOf(error) === DUPLICATE_ENTRY;
export const isDeadlock = (error: unknown): boolean => errnoOf(error) === DEADLOCK;
export const isUnknownDatabase = (error: unknown): boolean => errnoOf(error) === UNKNOWN_DATABASE;
export const isMissingTable = (error: unknown): boolean => errnoOf(error) === NO_SUCH_TABLE;

function isPassing(error: unknown): boolean {
  const errno = errnoOf(error);
  if (errno !== null) return PASSING.has(errno);
  // What is left is the connection's trouble, unless it is a bug of ours.
  return error instanceof Error && !(error instanceof TypeError) && !(error instanceof RangeError);
}

/** `unknown` is always worth the same call again: it is the only way to learn what happened. */
export function mysqlFailure(error: unknown, outcome: StoreError['outcome']): StoreError {
  if (error instanceof StoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StoreError(message, { outcome, retryable: outcome === 'unknown' || isPassing(error), cause: error });
}
