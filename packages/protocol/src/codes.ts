// Entry "@parley/protocol/codes": the tables and bounds, without a schema. What a client bundles.
export { CLOSE_ADVICE, CLOSE_CODES, type CloseName } from './close-code.ts';
export { ERROR_ADVICE, ERROR_CODES, type ErrorName } from './error-code.ts';
export { LIMITS, TIMES } from './limits.ts';
export { CURRENT_PROTOCOL, DEFAULT_PORT, LEGACY_PROTOCOL_VERSION } from './version.ts';
