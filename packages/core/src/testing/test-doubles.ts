import type { Authenticator } from '../ports/authenticator.ts';
import type { HintKind, Log, NoticeKind, Protocol, ResetReason, Telemetry } from '../ports/telemetry.ts';

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Believes every user id, as development sign-in does. */
export const trustingAuthenticator: Authenticator = {
  authenticate: (firstFrame) =>
    /^\d+$/.test(firstFrame.trim())
      ? { ok: true, userId: Number(firstFrame), name: null }
      : { ok: false, error: 'invalid_user_id' },
};

/** Counts what tests ask for. */
export class CountingTelemetry implements Telemetry {
  readonly errors = new Map<string, number>();
  delivered = 0;
  committedRows = 0;
  flushes = 0;
  repaired = 0;
  audited = 0;
  behind = 0;
  losses = 0;
  readonly signIns = { legacy: 0, current: 0 };
  readonly resumes = { devices: 0, conversations: 0, recovered: 0 };
  readonly resets = { ahead: 0, epoch: 0, unknown: 0 };
  readonly notices = { status: 0, typing: 0, presence: 0, refresh_needed: 0, goaway: 0 };
  readonly droppedHints = { status: 0, typing: 0 };
  /** Signed in now. */
  readonly sessions = { legacy: 0, current: 0 };
  unannounced = 0;
  deaths = 0;
  presentStatusReads = 0;
  readonly groupChanges = new Map<string, number>();
  readonly duplicates = new Map<string, number>();
  publishedEnvelopes = 0;
  receivedEnvelopes = 0;

  connectionOpened(): void {}
  connectionClosed(_code: number, _slow: boolean, protocol: Protocol | null): void {
    if (protocol !== null) this.sessions[protocol]--;
  }
  signedIn(protocol: Protocol): void {
    this.signIns[protocol]++;
    this.sessions[protocol]++;
  }
  resumed(conversations: number, recovered: number): void {
    this.resumes.devices++;
    this.resumes.conversations += conversations;
    this.resumes.recovered += recovered;
  }
  cursorReset(reason: ResetReason): void {
    this.resets[reason]++;
  }
  noticeTold(kind: NoticeKind, frames: number): void {
    this.notices[kind] += frames;
  }
  presentStatusRead(): void {
    this.presentStatusReads++;
  }
  groupChanged(kind: string): void {
    this.groupChanges.set(kind, (this.groupChanges.get(kind) ?? 0) + 1);
  }
  duplicateAnswered(type: string): void {
    this.duplicates.set(type, (this.duplicates.get(type) ?? 0) + 1);
  }
  frameReceived(): void {}
  frameDelivered(count: number): void {
    this.delivered += count;
  }
  errorSent(name: string): void {
    this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
  }
  committed(rows: number): void {
    this.committedRows += rows;
    this.flushes++;
  }
  commitRetried(): void {}
  deliveryLatency(): void {}
  published(envelopes: number): void {
    this.publishedEnvelopes += envelopes;
  }
  publishFailed(heads: number): void {
    this.unannounced += heads;
  }
  hintDropped(kind: HintKind): void {
    this.droppedHints[kind]++;
  }
  nodeDied(): void {
    this.deaths++;
  }
  envelopeReceived(): void {
    this.receivedEnvelopes++;
  }
  busLoss(): void {
    this.losses++;
  }
  gapRepaired(messages: number): void {
    this.repaired += messages;
  }
  auditFound(conversations: number): void {
    this.audited += conversations;
  }
  storeBehind(conversations: number): void {
    this.behind += conversations;
  }
  receiptsWritten(): void {}
  backlogDelivered(): void {}
}
