import { LIMITS, TIMES } from '@parley/protocol';

/** Every bound and period of the engine. Times in ms, sizes in bytes. The edge's config overrides some. */
export interface ChatNodeSettings {
  /** A connection that has not signed in by then is closed. */
  readonly signInDeadlineMs: number;
  /** Development: members named in an `init_…` that are not users yet are created. */
  readonly createUnknownMembers: boolean;
  /** Unanswered requests of one session; one more is answered `overloaded` … */
  readonly maxInFlightPerSession: number;
  /** … and at this many unanswered frames the connection is closed. */
  readonly maxUnansweredPerSession: number;
  /** Frames that may arrive before the sign-in is through. */
  readonly maxEarlyFrames: number;
  readonly maxEarlyBytes: number;
  readonly lanes: number;
  readonly maxBatchRows: number;
  readonly maxBatchBytes: number;
  readonly maxLaneRows: number;
  readonly maxLaneBytes: number;
  /** How long a flush is tried again before its sends fail. */
  readonly commitRetryForMs: number;
  /** Rows of one backlog page, over all conversations. */
  readonly backlogPageRows: number;
  /** Bodies buffered for one session's backlog; pages get smaller when bodies are large. */
  readonly backlogPageBytes: number;
  /** Live frames kept for a session in backlog; beyond, they are read from the store instead. */
  readonly maxTailFrames: number;
  readonly maxTailBytes: number;
  /** Sessions that read their backlog at the same time; the others wait their turn. */
  readonly maxConcurrentBacklogs: number;
  /** Publications held behind a gap, per conversation; beyond, they are read from the store instead. */
  readonly maxHeldPerFeed: number;
  /** How long a gap may be a mere overtaking. */
  readonly gapGraceMs: number;
  /** At most one watermark ping per socket in this time. */
  readonly watermarkPeriodMs: number;
  readonly personalReceiptWindowMs: number;
  readonly groupReceiptWindowMs: number;
  readonly maxPendingReceipts: number;
  readonly maxReceiptBatchRows: number;
  /** Topics are left this long after the last local interest, so that a reconnect costs nothing and is no news to those who watch the user. */
  readonly leaveGraceMs: number;
  /** Pause between two looks at all users that are watched here: how soon somebody who comes online is told. */
  readonly presencePollMs: number;
  /** Somebody is offline when not found in this time, from the first look to the last: a node that loses its lease or leaves is no event by itself. */
  readonly presenceConfirmMs: number;
  /** After the bus was away, nobody is told offline for this long: the other nodes are joining their topics again. */
  readonly presenceHoldMs: number;
  /** Users that one session may watch … */
  readonly maxWatchesPerSession: number;
  /** … and all sessions of this node together; one more is answered `overloaded`. About 100 bytes each. */
  readonly maxWatches: number;
  /** Each watched user is asked about this often to be still an acquaintance of the watcher. */
  readonly acquaintanceCheckMs: number;
  /** The time a connected user was last seen is written this often: what is left of it when the node dies. */
  readonly lastSeenPeriodMs: number;
  /** So many `typing` frames of one session in any such time. */
  readonly maxTypingPerWindow: number;
  readonly typingWindowMs: number;
  /** Heads whose announcement failed; beyond, every node is told to check everything. */
  readonly maxPendingAnnouncements: number;
  /** Pause between reads of the store's tail while the bus is down. */
  readonly tailPeriodMs: number;
  /** The audit visits every local user once in this time. */
  readonly auditPeriodMs: number;
  /** Ids below a mark that are read again, since ids are not in commit order. */
  readonly messageIdMargin: number;
  readonly drainBatchSize: number;
  readonly drainIntervalMs: number;
  /** A drain that has not ended by then goes on to the next step. */
  readonly drainTimeoutMs: number;
}

export const DEFAULT_SETTINGS: ChatNodeSettings = {
  signInDeadlineMs: 5_000,
  createUnknownMembers: false,
  maxInFlightPerSession: 256,
  maxUnansweredPerSession: 1_024,
  maxEarlyFrames: 64,
  maxEarlyBytes: 262_144,
  lanes: 2,
  maxBatchRows: 256,
  maxBatchBytes: 262_144,
  maxLaneRows: 8_192,
  maxLaneBytes: 16_777_216,
  commitRetryForMs: 30_000,
  backlogPageRows: 256,
  backlogPageBytes: 524_288,
  maxTailFrames: 1_024,
  maxTailBytes: 524_288,
  maxConcurrentBacklogs: 64,
  maxHeldPerFeed: 512,
  gapGraceMs: 20,
  watermarkPeriodMs: 1_000,
  personalReceiptWindowMs: 50,
  groupReceiptWindowMs: 1_000,
  maxPendingReceipts: 50_000,
  maxReceiptBatchRows: 500,
  leaveGraceMs: TIMES.presenceGraceMs,
  presencePollMs: 1_000,
  presenceConfirmMs: 2_000,
  presenceHoldMs: 10_000,
  maxWatchesPerSession: LIMITS.maxWatches,
  maxWatches: 500_000,
  acquaintanceCheckMs: 60_000,
  lastSeenPeriodMs: 300_000,
  maxTypingPerWindow: LIMITS.maxTyping,
  typingWindowMs: TIMES.typingWindowMs,
  maxPendingAnnouncements: 10_000,
  tailPeriodMs: 500,
  auditPeriodMs: 60_000,
  messageIdMargin: 8_192,
  drainBatchSize: 200,
  drainIntervalMs: 100,
  drainTimeoutMs: 20_000,
};
