export { CLOSE_CODES, type CloseName } from './close-code.ts';
export { type GroupEvent, type GroupRole, groupEvent, groupRole } from './current/group-event.ts';
export { ERROR_CODES, type ErrorName } from './error-code.ts';
export type { ConversationKind } from './fields.ts';
export { type Decoded, decodeLegacyFrame, type LegacyClientFrame } from './legacy/client-frame.ts';
export type { LocalId } from './legacy/local-id.ts';
export {
  encodeConversationReady,
  encodeError,
  encodeMessage,
  encodeMessageAck,
  type LegacyMessage,
} from './legacy/server-frame.ts';
export { decodeSignIn, encodeSignedIn, type SignIn } from './legacy/sign-in.ts';
export { LIMITS } from './limits.ts';
export { formatTimestamp } from './timestamp.ts';
export { DEFAULT_PORT, LEGACY_PROTOCOL_VERSION } from './version.ts';
