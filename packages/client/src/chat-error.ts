import type { ErrorName } from '@parley/protocol';

/** What can go wrong on this side of the wire; `ErrorName` is the server's side. */
export type LocalErrorName = 'closed' | 'disconnected' | 'timeout' | 'cancelled' | 'window_full' | 'refused';

export type ChatErrorName = ErrorName | LocalErrorName;

/** Why something that was asked for did not happen. */
export class ChatError extends Error {
  override readonly name: string = 'ChatError';
  /** A name of the server's table of errors, or of this client's own. */
  readonly code: ChatErrorName;
  /** The same again, later, may work. */
  readonly temporary: boolean;
  /** When the server wishes it, in milliseconds from now; null: whenever. */
  readonly retryAfterMs: number | null;

  constructor(code: ChatErrorName, message: string, temporary = false, retryAfterMs: number | null = null) {
    super(message);
    this.code = code;
    this.temporary = temporary;
    this.retryAfterMs = retryAfterMs;
  }
}
