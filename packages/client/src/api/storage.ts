/** One message of the outbox, as plain data. */
export interface StoredSend {
  readonly clientId: string;
  /** Whose it is; null if the client did not know its user yet. */
  readonly userId: number | null;
  readonly conversationId: number;
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly queuedAtMs: number;
}

/**
 * Keeps the outbox. Each method takes effect after those that were called before it. A rejection is reported (`error` event) and the message
 * goes on living in memory only. No other methods are called after `close`.
 */
export interface OutboxStorage {
  /** All that is kept, in the order in which it was put. */
  load(): Promise<StoredSend[]>;
  /** Resolves when it would survive a crash. The same client id again replaces it, in its old place. */
  put(send: StoredSend): Promise<void>;
  /** Absent ones are passed over. */
  remove(clientId: string): Promise<void>;
  close(): Promise<void>;
  /** Set by storages that all tabs of one browser share: what is stored under the same name is the same. */
  readonly sharedName?: string;
}
