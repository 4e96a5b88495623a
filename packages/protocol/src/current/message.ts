import { encodeMessageFields, type LegacyMessage } from '../legacy/server-frame.ts';
import { quoteClientId, quoteText } from '../quote.ts';
import { formatTimestamp } from '../timestamp.ts';

/** What the current protocol shows of a message besides the legacy fields. */
export interface MessageTail {
  readonly seq: number;
  readonly senderId: number;
  readonly clientId: string;
}

export interface CurrentMessage extends LegacyMessage, MessageTail {}

/**
 * What follows the legacy frame's last field: the current frame is the legacy frame without its closing brace and then
 * this, so that one text serves both protocols.
 */
export const encodeMessageTail = (tail: MessageTail): string =>
  `,"seq":${tail.seq},"sender_id":${tail.senderId},"client_id":${quoteClientId(tail.clientId)}}`;

/** A message as the current protocol's clients get it. */
export const encodeCurrentMessage = (message: CurrentMessage): string =>
  encodeMessageFields(message) + encodeMessageTail(message);

export interface CurrentEvent extends MessageTail {
  readonly conversationId: number;
  readonly messageId: number;
  readonly senderName: string;
  /** Microseconds since the epoch. */
  readonly sentAtUs: number;
  /** A `GroupEvent` as it was stored. */
  readonly eventJson: string;
}

/** A change of a group as the current protocol's clients get it. */
export const encodeEvent = (event: CurrentEvent): string =>
  `{"type":"event","conv_id":${event.conversationId},"message_id":${event.messageId},"seq":${event.seq},` +
  `"sender":${quoteText(event.senderName)},"sender_id":${event.senderId},"client_id":${quoteClientId(event.clientId)},` +
  `"timestamp":"${formatTimestamp(event.sentAtUs)}","event":${event.eventJson}}`;
