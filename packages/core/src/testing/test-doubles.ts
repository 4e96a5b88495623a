import type { Authenticator } from '../ports/authenticator.ts';
import type { Log, Telemetry } from '../ports/telemetry.ts';

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
  losses = 0;
  publishedEnvelopes = 0;
  receivedEnvelopes = 0;

  connectionOpened(): void {}
  connectionClosed(): void {}
  signedIn(): void {}
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
  publishFailed(): void {}
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
  receiptsWritten(): void {}
  backlogDelivered(): void {}
}
