import type { AppendRow, ConversationId, Seq } from '@parley/core';
import { dateTime, quote } from './sql-text.ts';

/** A statement is at most about this long, so that a packet stays far below the smallest `max_allowed_packet` in use (4 MB). */
const MAX_STATEMENT_CHARS = 512 * 1024;

export interface Insert {
  readonly text: string;
  readonly rows: number;
}

/**
 * First round trip: take the row lock of each conversation, in id order, and move its head. An upsert on the primary key locks exactly
 * those rows in exactly that order; it never inserts what stays (`members_version` of a row it had to insert is 0, and that is rolled
 * back). `VALUES()` is the form that MySQL and MariaDB share.
 */
export function headsText(counts: ReadonlyMap<ConversationId, number>, sortedIds: readonly ConversationId[]): string {
  let values = '';
  let ids = '';
  for (const id of sortedIds) {
    const comma = ids === '' ? '' : ',';
    values += `${comma}(${id},${counts.get(id)})`;
    ids += `${comma}${id}`;
  }
  return `BEGIN;INSERT INTO conversations(id,last_seq)VALUES${values} ON DUPLICATE KEY UPDATE last_seq=last_seq+VALUES(last_seq);SELECT id,last_seq,members_version FROM conversations WHERE id IN(${ids})`;
}

const INSERT = 'INSERT INTO messages(conversation_id,seq,sender_id,recipient_id,client_id,body,sent_at)VALUES';

/** Second round trip: all rows, in order; `seqs` has the number of each. One statement unless the bodies are very long. */
export function messageInserts(rows: readonly AppendRow[], seqs: readonly Seq[]): Insert[] {
  const inserts: Insert[] = [];
  let text = INSERT;
  let count = 0;
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index] as AppendRow;
    if (text.length > MAX_STATEMENT_CHARS) {
      inserts.push({ text, rows: count });
      text = INSERT;
      count = 0;
    }
    const recipient = row.recipientId === null ? 'NULL' : row.recipientId;
    text += `${count === 0 ? '' : ','}(${row.conversationId},${seqs[index]},${row.senderId},${recipient},${quote(row.clientId)},${quote(row.body)},'${dateTime(row.sentAtUs)}')`;
    count += 1;
  }
  inserts.push({ text, rows: count });
  return inserts;
}
