import { type CurrentServerFrame, formatTimestamp } from '@parley/protocol';
import type { GroupEvent, StoredMessage, TimeUs } from '../types.ts';

/** A message or an event as a client of the current protocol sees it, alone or in a page. */
export type StoredEntry = Extract<CurrentServerFrame, { readonly type: 'personal' | 'group' | 'event' }>;

export function storedEntry(message: StoredMessage): StoredEntry {
  const { conversationId, messageId, seq, senderId, senderName, clientId, kind, body } = message;
  const timestamp = formatTimestamp(message.sentAtUs);
  if (message.isEvent) {
    return {
      type: 'event',
      conv_id: conversationId,
      message_id: messageId,
      seq,
      sender: senderName,
      sender_id: senderId,
      client_id: clientId,
      timestamp,
      event: JSON.parse(body) as GroupEvent,
    };
  }
  return {
    conv_id: conversationId,
    message_id: messageId,
    msg: body,
    sender: senderName,
    timestamp,
    type: kind,
    seq,
    sender_id: senderId,
    client_id: clientId,
  };
}

export const timestampOrNull = (atUs: TimeUs | null): string | null => (atUs === null ? null : formatTimestamp(atUs));
