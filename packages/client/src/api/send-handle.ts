import type { ChatError } from '../chat-error.ts';

/**
 * `queued` (kept, not yet acknowledged), `sent` (stored by the server), `delivered` (a device of another member has it), `seen` (another member
 * has seen it), `failed` (it was not stored and will not be: `error` says why). Only moves forward; `failed` only follows `queued`.
 */
export type SendStatus = 'queued' | 'sent' | 'delivered' | 'seen' | 'failed';

/** Where the server has put the message. */
export interface SentPlace {
  readonly seq: number;
  readonly messageId: number;
  /** Milliseconds since the epoch. */
  readonly sentAtMs: number;
}

export type SendResult = ({ readonly ok: true } & SentPlace) | { readonly ok: false; readonly error: ChatError };

/** One message on its way. */
export interface SendHandle {
  readonly conversationId: number;
  /** Names this send for ever: the server stores it once, however often it is sent. */
  readonly clientId: string;
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly queuedAtMs: number;
  readonly status: SendStatus;
  /** Null until the status is `sent` or later. */
  readonly place: SentPlace | null;
  /** Null unless the status is `failed`. */
  readonly error: ChatError | null;
  /** True once the message is kept by the storage, so that it survives a reload; false if the storage refused it. Never rejects. */
  readonly stored: Promise<boolean>;
  /** The end of sending: stored by the server, or failed. Never rejects. */
  readonly settled: Promise<SendResult>;
  /** Calls `listener` at each change of the status, at once or later; returns a function that stops it. */
  onStatus(listener: (status: SendStatus, handle: SendHandle) => void): () => void;
  /**
   * Takes the message back: true if it was not on its way yet, then `settled` fails with `cancelled`. False if it may have reached the server,
   * or is settled. Never rejects.
   */
  cancel(): Promise<boolean>;
}
