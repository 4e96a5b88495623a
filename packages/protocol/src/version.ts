/** The legacy protocol: bare first frame, L1 to L17. A change to any legacy frame is a new product, not a new version. */
export const LEGACY_PROTOCOL_VERSION = 1;

/** The port that legacy clients expect. */
export const DEFAULT_PORT = 3128;
