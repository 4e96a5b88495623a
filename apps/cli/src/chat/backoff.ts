/** Waiting times before a reconnect, in milliseconds. */
export const BACKOFF = {
  baseMs: 250,
  capMs: 15_000,
  /** A draining node (1012) asks for an immediate reconnect; this much spread keeps its clients from arriving as one. */
  restartSpreadMs: 500,
  /** A connection that lived this long clears the count of failures. */
  stableMs: 10_000,
} as const;

/**
 * Full jitter: anywhere from 0 to `base * 2^attempt`, at most `cap`. Spreads a crowd better than exponential steps with a little noise.
 * @param attempt failures in a row before this one, from 0
 * @param random 0 <= random < 1
 */
export function fullJitterMs(attempt: number, random: number): number {
  return Math.floor(random * Math.min(BACKOFF.capMs, BACKOFF.baseMs * 2 ** Math.min(attempt, 16)));
}

/** Whether the server lets a client come back after this close code: 4500 to 4999 say no. */
export const mayReconnect = (closeCode: number): boolean => closeCode < 4500 || closeCode > 4999;
