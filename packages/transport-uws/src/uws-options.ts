import type { AcceptConnection, Clock, Log } from '@parley/core';
import type { HandshakeRules, RefusalReason } from './handshake.ts';

export interface UwsTransportOptions {
  readonly accept: AcceptConnection;
  readonly clock: Clock;
  readonly log: Log;
  /** Address to listen on: an IP address or a host name of this machine; `0.0.0.0` or `::` for all. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Largest frame of a client; a larger one ends its connection (1006 at the client). */
  readonly maxFrameBytes: number;
  readonly handshake?: Partial<HandshakeRules>;
  readonly limits?: Partial<UwsLimits>;
  /** For metrics: an HTTP request that did not become a WebSocket. Must not throw. */
  readonly onRefused?: (reason: RefusalReason) => void;
}

export interface UwsLimits {
  /** Open sockets; one more is answered 503. */
  readonly maxConnections: number;
  /** Bytes that a socket may have in the process, beside one frame and the turn's queue; at the bound it is closed as slow. */
  readonly maxBufferedBytes: number;
  /** Bytes queued for one socket within one turn before they are written early. */
  readonly maxQueuedBytes: number;
  /** A socket without traffic is pinged, and closed when this long nothing came: 8 to 960, in steps of 4 s. */
  readonly idleTimeoutSeconds: number;
  /**
   * How long a client may take to send one whole frame: after `idleTimeoutSeconds` without a whole frame, ping or pong it is pinged, and
   * closed when nothing whole follows within this. Pongs come between frames only, so a frame that trickles in holds them back.
   */
  readonly frameTimeoutMs: number;
}

export const DEFAULT_LIMITS: UwsLimits = {
  maxConnections: 100_000,
  maxBufferedBytes: 1_048_576,
  maxQueuedBytes: 65_536,
  idleTimeoutSeconds: 60,
  frameTimeoutMs: 60_000,
};

export const DEFAULT_HANDSHAKE_RULES: HandshakeRules = {
  paths: null,
  allowedOrigins: null,
  subprotocols: [],
  maxHandshakeBytes: 16_384,
  trustProxyProtocol: false,
};
