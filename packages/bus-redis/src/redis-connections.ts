import type { Script } from './lua/script.ts';

/**
 * The connections of one session to Redis, whatever its mode. They are opened once and never reconnect: when one is lost, all are, and the
 * session is over. No command is ever sent twice by its own accord. Every method rejects within `COMMAND_TIMEOUT_MS`, and at once when a
 * connection is gone.
 */
export interface RedisConnections {
  /** Keys are spread over slots: a script may touch only keys of one, and one command only one. */
  readonly sharded: boolean;
  /** How long an envelope may take longer than one that was published after it. */
  readonly reorderMs: number;
  connect(): Promise<void>;
  /** Resolves when Redis has confirmed both channels. */
  subscribe(inbox: string, shared: string): Promise<void>;
  /** One PUBLISH to each inbox, in one write where there is one connection. */
  publishToInboxes(messages: readonly (readonly [channel: string, message: Buffer])[]): Promise<void>;
  publishToAll(channel: string, message: Buffer): Promise<void>;
  /** Values of string keys: one MGET, or pipelined GETs by slot. */
  getAll(keys: string[]): Promise<(Buffer | null)[]>;
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Every server that is in use answers. */
  ping(): Promise<void>;
  /** Closes everything at once. Idempotent. */
  close(): void;
}

export interface RedisConnectionsEvents {
  onMessage(message: Buffer): void;
  /** A connection is gone, and with it all of them. Called at most once, never after `close`. */
  onLost(reason: string): void;
}

export type OpenConnections = (events: RedisConnectionsEvents) => RedisConnections;
