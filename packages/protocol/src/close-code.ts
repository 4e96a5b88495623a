/**
 * Close codes the server uses. 4000-4499: connect again (with backoff). 4500-4999: do not, without changing something.
 * 1012 (RFC 6455 registry, "service restart") is sent by a draining node: connect again at once, to another node.
 */
export const CLOSE_CODES = {
  service_restart: { code: 1012, reconnect: true, reason: 'node is restarting' },
  sign_in_timeout: { code: 4001, reconnect: true, reason: 'no first frame in time' },
  slow_consumer: { code: 4002, reconnect: true, reason: 'client reads too slowly' },
  outcome_unknown: { code: 4003, reconnect: true, reason: 'outcome of a send is unknown' },
  internal: { code: 4004, reconnect: true, reason: 'internal error' },
  too_many_frames: { code: 4005, reconnect: true, reason: 'too many unanswered frames' },
  token_expired: { code: 4006, reconnect: true, reason: 'token expired' },
  sign_in_refused: { code: 4501, reconnect: false, reason: 'sign-in refused' },
  unsupported_version: { code: 4502, reconnect: false, reason: 'protocol version not supported' },
} as const satisfies Record<string, { code: number; reconnect: boolean; reason: string }>;

export type CloseName = keyof typeof CLOSE_CODES;

/** For whoever writes a client: what the client should do. Apart from the table, so that a bundle can leave it out. */
export const CLOSE_ADVICE = {
  service_restart: {
    when: 'The node is being replaced; `goaway` came before it.',
    action:
      'Connect again after the `reconnect_after_ms` of `goaway`, or at once when there was none. This is no failure: start the backoff anew.',
  },
  sign_in_timeout: {
    when: 'No first frame came within the deadline.',
    action: 'Connect again with backoff, and send `hello` as soon as the connection is open.',
  },
  slow_consumer: {
    when: 'More was waiting for this client than the node keeps. Mostly the connection just ends: nothing more can be written to it.',
    action:
      'Connect again with backoff and resume from your cursors: nothing is lost. Take frames off the socket at once and work on them later.',
  },
  outcome_unknown: {
    when: 'The node could not learn whether a send or another change was stored, so it can give no honest answer.',
    action:
      'Connect again with backoff and send all that has no answer again with the same client ids: nothing is stored twice.',
  },
  internal: {
    when: 'A bug or trouble on the server; it is logged there.',
    action: 'Connect again with backoff.',
  },
  too_many_frames: {
    when: 'Too many frames of the client were waiting: behind a `hello`, or of a legacy client without answers.',
    action: 'Connect again with backoff, and send the rest when `welcome` has come.',
  },
  token_expired: {
    when: 'The token expired and `refresh` brought no new one in time.',
    action: 'Get a new token, then connect again.',
  },
  sign_in_refused: {
    when: 'The error frame before it says why.',
    action: 'Do not connect again with the same token: get a new one once, else ask the user to sign in.',
  },
  unsupported_version: {
    when: 'The node speaks no version that `hello` asked for.',
    action: 'Do not connect again: ask the user to update the client.',
  },
} as const satisfies Record<CloseName, { when: string; action: string }>;
