import type { Log, Telemetry } from '@parley/core';

const nothing = (): void => undefined;

/** Nobody watches a test server. */
export const noLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export const noTelemetry: Telemetry = {
  connectionOpened: nothing,
  connectionClosed: nothing,
  signedIn: nothing,
  resumed: nothing,
  cursorReset: nothing,
  noticeTold: nothing,
  presentStatusRead: nothing,
  groupChanged: nothing,
  duplicateAnswered: nothing,
  frameReceived: nothing,
  frameDelivered: nothing,
  errorSent: nothing,
  committed: nothing,
  commitRetried: nothing,
  deliveryLatency: nothing,
  published: nothing,
  publishFailed: nothing,
  envelopeReceived: nothing,
  busLoss: nothing,
  gapRepaired: nothing,
  auditFound: nothing,
  receiptsWritten: nothing,
  backlogDelivered: nothing,
};
