import { StoreError } from '@parley/core';

// The low byte of an extended result code is the primary code (sqlite.org/rescode.html).
const BUSY = 5;
const LOCKED = 6;
const CONSTRAINT_PRIMARYKEY = 1555;
const CONSTRAINT_UNIQUE = 2067;

const rawCodeOf = (error: unknown): number | null => {
  const { rawCode } = (error ?? {}) as { rawCode?: unknown };
  return typeof rawCode === 'number' ? rawCode : null;
};

export const isUniqueViolation = (error: unknown): boolean => {
  const code = rawCodeOf(error);
  return code === CONSTRAINT_UNIQUE || code === CONSTRAINT_PRIMARYKEY;
};

export const isBusy = (error: unknown): boolean => {
  const code = rawCodeOf(error);
  return code !== null && ((code & 0xff) === BUSY || (code & 0xff) === LOCKED);
};

/** A full or broken disk does not pass by calling again; only a lock of another process does. */
export function sqliteFailure(error: unknown, outcome: StoreError['outcome']): StoreError {
  if (error instanceof StoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StoreError(message, { outcome, retryable: outcome === 'unknown' || isBusy(error), cause: error });
}
