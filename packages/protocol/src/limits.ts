/** Bounds of the wire contract (G8). A frame beyond one is answered with an error and changes nothing. */
export const LIMITS = {
  /** Largest message body, in UTF-8 bytes: what a `TEXT` column holds. */
  maxMessageBytes: 65_535,
  /** Largest client frame, in bytes; a larger one ends the connection. */
  maxFrameBytes: 1_310_720,
  maxGroupMembers: 1_000,
  maxGroupNameBytes: 255,
  maxDescriptionBytes: 4_096,
  /** Old clients may list a whole conversation as seen. */
  maxSeenIds: 10_000,
  /** Characters of a `conv_id` of the client's own in `init_…`, which is echoed. */
  maxLocalIdChars: 128,
  maxTokenBytes: 8_192,
} as const;
