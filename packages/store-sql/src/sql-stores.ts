import type { ConversationReader, ConversationStore, GroupStore, MessageStore, ReceiptStore } from '@parley/core';
import type { EpochChange } from './epoch-sql.ts';
import type { StoreInspector } from './inspector-sql.ts';
import type { MarkThinning, ThinnedMarks } from './mark-store-sql.ts';
import type { MigrationReport } from './migrator.ts';

/** The stores of one node on one database. */
export interface SqlStores {
  readonly messages: MessageStore;
  readonly conversations: ConversationStore;
  readonly receipts: ReceiptStore;
  readonly groups: GroupStore;
  readonly reader: ConversationReader;
  /** For operators' tools; no part of a node uses it. */
  readonly inspector: StoreInspector;
  /** Brings the schema up to this build's version; safe from many nodes at once. Rejects with a `SchemaError` when the schema is newer. */
  migrate(): Promise<MigrationReport>;
  /** The version of the schema in the database; null when there is none. */
  schemaVersion(): Promise<number | null>;
  /** Rejects with a `SchemaError`, which names the command to run, unless the schema is exactly this build's. */
  assertSchema(): Promise<void>;
  /** A random id made when the schema was first created: another epoch is another history, however alike the ids are. */
  epoch(): Promise<string>;
  /**
   * For a database that was put back to an older copy, or has lost commits: its history is another one from here on, and cursors from before are answered `reset`. Nodes
   * read the epoch when they start.
   */
  renewEpoch(): Promise<EpochChange>;
  /**
   * Takes a part of the marks of old moves away: which message has been delivered and seen stays exact, when it was becomes exact to the day. In parts, so that each call is
   * short; nodes may run meanwhile. Rejects with a `StoreError`.
   */
  thinMarks(thinning: MarkThinning): Promise<ThinnedMarks>;
  /** Resolves when the database answers; rejects with a `StoreError` within a bounded time. */
  ping(): Promise<void>;
  /** Lets running calls end (bounded), then closes every connection. Calls made afterwards reject. Idempotent. */
  close(): Promise<void>;
}
