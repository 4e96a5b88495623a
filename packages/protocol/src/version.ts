/** The legacy protocol: bare first frame, L1 to L17. A change to any legacy frame is a new product, not a new version. */
export const LEGACY_PROTOCOL_VERSION = 1;

/**
 * The current protocol. A change that old clients or old nodes cannot pass over is a new major; every other change of a
 * frame (a new optional field, a new frame) is a new minor, and `npm run protocol` records it.
 */
export const CURRENT_PROTOCOL = { major: 2, minor: 0 } as const;

/** The port that legacy clients expect. */
export const DEFAULT_PORT = 3128;
