import type { ErrorName, GroupEvent } from '@parley/protocol';

export type Protocol = 'legacy' | 'current';
/** News that is no message, and what a node says of itself: that it wants a new token, or that it leaves. */
export type NoticeKind = 'status' | 'typing' | 'presence' | 'refresh_needed' | 'goaway';
/** News of the moment, told to other nodes at most once. */
export type HintKind = 'status' | 'typing';
/**
 * Why a device has to forget what it has: it is ahead of the store, its cursors are of another epoch, or they are only of conversations that its user never
 * was in.
 */
export type ResetReason = 'ahead' | 'epoch' | 'unknown';

/** What operators see. Called on the hot path: implementations only count. Never throws. */
export interface Telemetry {
  /** A socket was taken; nobody has signed in on it yet. */
  connectionOpened(): void;
  /** A socket has ended. @param slow it was ended for reading too slowly (G8) @param protocol of the session, as `signedIn` was told; null when it had not come to that */
  connectionClosed(code: number, slow: boolean, protocol: Protocol | null): void;
  /** A session begins; `connectionClosed` ends it. */
  signedIn(protocol: Protocol): void;
  /** A device of the current protocol has all that it had missed. @param conversations that were answered @param recovered messages that it was sent */
  resumed(conversations: number, recovered: number): void;
  /** A device was told to forget what it has of some conversations: once per `hello`. */
  cursorReset(reason: ResetReason): void;
  /** A frame that is news and no message went to so many sockets. */
  noticeTold(kind: NoticeKind, frames: number): void;
  /** The present statuses of up to 256 conversations were read for one device. */
  presentStatusRead(): void;
  /** A change of a group was committed. */
  groupChanged(kind: GroupEvent['kind']): void;
  /** A request that was answered before got the first answer again (G3). @param type of its frame */
  duplicateAnswered(type: string): void;
  /** A client frame, by its type. */
  frameReceived(type: string): void;
  /** So many message frames went to sockets as they came: one for each socket. */
  frameDelivered(count: number): void;
  /** An error frame went to one socket. */
  errorSent(name: ErrorName): void;
  /** One flush of a lane was committed. */
  committed(rows: number, commitMs: number): void;
  /** A flush is run again: nothing of it was committed, or that is not known. */
  commitRetried(outcome: 'not_committed' | 'unknown'): void;
  /** From commit on the publishing node to the hand-over to local sockets, this node's own included. */
  deliveryLatency(ms: number): void;
  /** Other nodes were told: one envelope each, with so many publications in all of them. */
  published(envelopes: number, publications: number): void;
  /** Other nodes could not be told of so many heads and new members; they are told later. */
  publishFailed(heads: number): void;
  /** Other nodes could not be told, and will not be: the next one says more. */
  hintDropped(kind: HintKind): void;
  /** One envelope of another node, with so many publications in it. */
  envelopeReceived(publications: number): void;
  /** The bus may have lost something, and heads are being checked. @param reason for people: no label */
  busLoss(reason: string): void;
  /** Another node's lease has ended, and this one announces what that one committed last (G9). */
  nodeDied(): void;
  /** A feed saw a gap and filled it from the store. */
  gapRepaired(messages: number): void;
  /** The background audit found what no other check had seen: must stay 0. */
  auditFound(conversations: number): void;
  /** The audit found conversations of which the store has less than this node has delivered: must stay 0. */
  storeBehind(conversations: number): void;
  /** Status steps that the store has taken. */
  receiptsWritten(rows: number): void;
  /** So many message frames went to one socket from the store, as what its session had missed. */
  backlogDelivered(messages: number): void;
}

/** Log lines name ids and never bodies or tokens. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
