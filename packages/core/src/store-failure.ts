import { StoreError } from './ports/message-store.ts';

/** What a failed call on a store means to the caller, and what may be logged of it. */
export interface StoreFailure {
  readonly outcome: 'not_committed' | 'unknown';
  readonly retryable: boolean;
  /** Names no body and no token. */
  readonly reason: string;
}

/**
 * Reads a rejection of a store. Anything but a `StoreError` breaks the port's promise: it may have come after COMMIT, so the outcome is
 * unknown, and nothing says that calling again helps. Its message is not logged: a driver's may quote the statement, and so a body.
 */
export function storeFailure(error: unknown): StoreFailure {
  if (error instanceof StoreError) {
    return { outcome: error.outcome, retryable: error.retryable, reason: error.message };
  }
  const name = error instanceof Error ? error.name : typeof error;
  return { outcome: 'unknown', retryable: false, reason: `unexpected ${name}` };
}
