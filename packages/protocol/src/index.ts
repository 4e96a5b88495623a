/**
 * The frames of both protocols, decoded and encoded, with the error codes, close codes and limits. Knows zod and nothing else; `./codes` and `./types`
 * know not even that, `./schemas` has the schemas themselves. What it all means is in docs/protocol.md.
 */
export { CLOSE_ADVICE, CLOSE_CODES, type CloseName } from './close-code.ts';
export {
  type CurrentAck,
  type CurrentReady,
  type ErrorOptions,
  encodeAck,
  encodeCurrentError,
  encodeCurrentReady,
  encodeOk,
} from './current/answer.ts';
export type { Hello } from './current/client/hello.ts';
export {
  CLIENT_FRAMES,
  type CurrentClientFrame,
  type CurrentDecoded,
  type CurrentRefusal,
  decodeCurrentFrame,
} from './current/client-frame.ts';
export type { Ref } from './current/fields.ts';
export { type GroupEvent, type GroupRole, groupEvent, groupRole } from './current/group-event.ts';
export {
  type CurrentEvent,
  type CurrentMessage,
  encodeCurrentMessage,
  encodeEvent,
  encodeMessageTail,
  type MessageTail,
} from './current/message.ts';
export { type CurrentServerFrame, encodeFrame, SERVER_FRAMES } from './current/server-frame.ts';
export { type DecodedHello, decodeHello } from './current/sign-in.ts';
export { ERROR_ADVICE, ERROR_CODES, type ErrorName } from './error-code.ts';
export type { ConversationKind } from './fields.ts';
export { type Decoded, decodeLegacyFrame, type LegacyClientFrame } from './legacy/client-frame.ts';
export type { LocalId } from './legacy/local-id.ts';
export {
  encodeConversationReady,
  encodeError,
  encodeMessage,
  encodeMessageAck,
  encodeMessageFields,
  type LegacyMessage,
} from './legacy/server-frame.ts';
export { decodeSignIn, encodeSignedIn, type SignIn } from './legacy/sign-in.ts';
export { LIMITS, TIMES } from './limits.ts';
export { formatTimestamp } from './timestamp.ts';
export { CURRENT_PROTOCOL, DEFAULT_PORT, LEGACY_PROTOCOL_VERSION } from './version.ts';
