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
  sign_in_refused: { code: 4501, reconnect: false, reason: 'sign-in refused' },
} as const satisfies Record<string, { code: number; reconnect: boolean; reason: string }>;

export type CloseName = keyof typeof CLOSE_CODES;
