import { ERROR_CODES, type ErrorName } from '../error-code.ts';
import type { ConversationKind } from '../fields.ts';
import { quoteText } from '../quote.ts';
import { formatTimestamp } from '../timestamp.ts';
import type { LocalId } from './local-id.ts';

/** The fields of a message that the legacy protocol shows (L4, L6, L8, L9). */
export interface LegacyMessage {
  readonly kind: ConversationKind;
  readonly conversationId: number;
  readonly messageId: number;
  readonly body: string;
  readonly senderName: string;
  /** Microseconds since the epoch. */
  readonly sentAtUs: number;
}

/** The fields of a message without the closing brace, to which the current protocol adds its own. */
export const encodeMessageFields = (message: LegacyMessage): string =>
  `{"conv_id":${message.conversationId},"message_id":${message.messageId},"msg":${quoteText(message.body)},` +
  `"sender":${quoteText(message.senderName)},"timestamp":"${formatTimestamp(message.sentAtUs)}","type":"${message.kind}"`;

/** L4, L6: a message as its recipients get it. */
export const encodeMessage = (message: LegacyMessage): string => `${encodeMessageFields(message)}}`;

/** L3, L6: the answer to a send. */
export const encodeMessageAck = (messageId: number): string => `{"message_id":${messageId}}`;

/** L2, L5: the answer to an init. */
export const encodeConversationReady = (localId: LocalId, conversationId: number, kind: ConversationKind): string =>
  `{"local_conv_id":${localId},"db_conv_id":${conversationId},"type":"${kind}"}`;

/** L15: one error frame. `detail` says what to do and replaces the table's general advice; it never holds user data. */
export function encodeError(name: ErrorName, detail?: string): string {
  const { code, temporary, message } = ERROR_CODES[name];
  return JSON.stringify({ type: 'error', code, name, message: detail ?? message, temporary });
}
