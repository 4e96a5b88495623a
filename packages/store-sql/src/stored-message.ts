import type { StoredMessage } from '@parley/core';
import { asText, kindOfMessage, type Text } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';

export interface StoredMessageRow {
  readonly conversation_id: number;
  readonly seq: number;
  readonly id: number;
  readonly sender_id: number;
  readonly recipient_id: number | null;
  readonly sender_name: Text | null;
  readonly client_id: Text;
  readonly body: Text;
  readonly sent_us: number;
  readonly is_event: number;
}

/** What `toStoredMessage` needs of `messages m`, with the sender's present name. To be followed by a WHERE about conversation and seq. */
export const storedMessageSelect = (flavor: SqlFlavor): string =>
  `m.conversation_id, m.seq, m.id, m.sender_id, m.recipient_id, ${flavor.text('u.name')} AS sender_name, \
${flavor.text('m.client_id')} AS client_id, ${flavor.text('m.body')} AS body, ${flavor.microseconds('m.sent_at')} AS sent_us, m.is_event \
FROM messages m${flavor.byIndex('PRIMARY')} LEFT JOIN users u ON u.id = m.sender_id`;

export const toStoredMessage = (row: StoredMessageRow): StoredMessage => ({
  conversationId: row.conversation_id,
  kind: kindOfMessage(row.recipient_id),
  seq: row.seq,
  messageId: row.id,
  senderId: row.sender_id,
  senderName: row.sender_name === null ? `User ${row.sender_id}` : asText(row.sender_name),
  clientId: asText(row.client_id),
  body: asText(row.body),
  sentAtUs: row.sent_us,
  isEvent: row.is_event === 1,
});
