import type { ErrorName } from '@parley/protocol';

/** What operators see. Called on the hot path: implementations only count. Never throws. */
export interface Telemetry {
  connectionOpened(): void;
  connectionClosed(code: number, slow: boolean): void;
  signedIn(): void;
  /** A client frame, by its type. */
  frameReceived(type: string): void;
  /** A message frame went to one socket. */
  frameDelivered(count: number): void;
  errorSent(name: ErrorName): void;
  /** One flush of a lane was committed. */
  committed(rows: number, commitMs: number): void;
  commitRetried(outcome: 'not_committed' | 'unknown'): void;
  /** From commit on the publishing node to the hand-over to local sockets, this node's own included. */
  deliveryLatency(ms: number): void;
  published(envelopes: number, publications: number): void;
  publishFailed(heads: number): void;
  envelopeReceived(publications: number): void;
  busLoss(reason: string): void;
  /** A feed saw a gap and filled it from the store. */
  gapRepaired(messages: number): void;
  /** The background audit found what no other check had seen: must stay 0. */
  auditFound(conversations: number): void;
  receiptsWritten(rows: number): void;
  backlogDelivered(messages: number): void;
}

/** Log lines name ids and never bodies or tokens. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
