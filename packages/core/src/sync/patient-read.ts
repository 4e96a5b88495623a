import type { NodeServices } from '../services.ts';

const RETRY_MS = 200;
const RETRY_FOR_MS = 10_000;

/** The session that waits for what is read. */
export interface PatientSession {
  readonly sessionId: number;
  readonly userId: number;
  /** Nobody waits for the answer any more. */
  readonly closed: boolean;
  /** The store went on failing. */
  onGivenUp(): void;
}

/** Reads again while the store is away, and begins no read later than after ten seconds. @returns null when the session ended or had to */
export async function readPatiently<T>(
  read: () => Promise<T>,
  session: PatientSession,
  { clock, log }: Pick<NodeServices, 'clock' | 'log'>,
): Promise<T | null> {
  const giveUpMs = clock.nowMs() + RETRY_FOR_MS;
  while (!session.closed) {
    try {
      return await read();
    } catch (error) {
      log.warn({ err: error, userId: session.userId, session: session.sessionId }, 'a backlog read failed');
      // A read that hangs takes seconds to fail: what counts is the time that the client has waited.
      if (clock.nowMs() + RETRY_MS > giveUpMs) {
        session.onGivenUp();
        return null;
      }
      await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
    }
  }
  return null;
}
