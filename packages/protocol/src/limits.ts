/** Bounds of the wire contract (G8). A frame beyond one is answered with an error and changes nothing. */
export const LIMITS = {
  /** Largest message body, in UTF-8 bytes: what a `TEXT` column holds. */
  maxMessageBytes: 65_535,
  /** Largest client frame, in bytes; a larger one ends the connection. */
  maxFrameBytes: 1_310_720,
  /** Largest `hello`, in characters: 10,000 cursors and all other fields at their bounds fit. It is parsed before anybody has signed in. */
  maxHelloChars: 655_360,
  maxGroupMembers: 1_000,
  maxGroupNameBytes: 255,
  maxDescriptionBytes: 4_096,
  /** Old clients may list a whole conversation as seen. */
  maxSeenIds: 10_000,
  /** Characters of a `conv_id` of the client's own in `init_…`, which is echoed. */
  maxLocalIdChars: 128,
  maxTokenBytes: 8_192,
  maxRefChars: 64,
  maxClientIdChars: 64,
  maxDeviceChars: 64,
  /** Characters of the program's name in `hello`. */
  maxClientChars: 100,
  maxEpochChars: 64,
  /** Cursors, and groups named, in a `hello`. */
  maxCursors: 10_000,
  /** Conversations in `status_of` of a `hello`. */
  maxStatusOf: 1_000,
  /** Conversations whose status is told after a `hello` without `status_of`. */
  maxStatusUnasked: 256,
  /** Conversations in one `conversations` page. */
  maxConversations: 100,
  /** Messages in one `history` page. */
  maxHistory: 200,
  /** Members in one `members` page. */
  maxMembers: 1_000,
  /** Users in one `presence`, `watch`, `unwatch` or `group_add`. */
  maxUserIds: 100,
  /** Users that one session watches. */
  maxWatches: 1_000,
  /** Unread messages are counted up to here: this number means "or more". */
  maxUnread: 1_000,
  /** `typing` frames of one session per `TIMES.typingWindowMs`. */
  maxTyping: 10,
} as const;

/** Times of the wire contract. */
export const TIMES = {
  /** A client that has heard nothing for this long sends `ping`. */
  heartbeatMs: 25_000,
  /** No answer to a `ping` for this long: the connection is dead. */
  pongTimeoutMs: 10_000,
  typingWindowMs: 10_000,
  /** A disconnect is news only when the user has not come back for this long. */
  presenceGraceMs: 3_000,
  /** How long before its expiry a new token is asked for; half its life when that is shorter. */
  refreshAheadMs: 60_000,
  /** Largest `reconnect_after_ms` of a draining node: with the time to connect below the presence grace, so that nobody seems to go offline. */
  maxReconnectAfterMs: 2_000,
} as const;
