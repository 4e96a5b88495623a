import type { ConversationKind } from '@parley/core';
import type { Generated } from 'kysely';

/** Text as the driver gives it: SQLite hands text out as bytes, since libsql ends a TEXT value at its first `\0`. */
export type Text = string | Uint8Array;

/** Time columns are written and read through `SqlFlavor`: `DATETIME(6)` in UTC on MySQL, integer microseconds on SQLite. */
export type TimeColumn = string | number | null;

/** The tables, as Kysely knows them. Columns and keys: `mysql/migrations` and `sqlite/migrations`. */
export interface ChatSchema {
  meta: { name: string; value: string };
  users: { id: number; name: Text; last_seen_at: Generated<TimeColumn> };
  conversations: {
    id: Generated<number>;
    kind: ConversationKind;
    name: string;
    description: string;
    /** `low:high` of a personal conversation's two users; null for a group. */
    pair_key: string | null;
    last_seq: Generated<number>;
    members_version: number;
  };
  members: {
    user_id: number;
    conversation_id: number;
    role: 'owner' | 'member';
    joined_seq: Generated<number>;
    left_seq: Generated<number | null>;
    delivered_seq: Generated<number>;
    delivered_at: Generated<TimeColumn>;
    seen_seq: Generated<number>;
    seen_at: Generated<TimeColumn>;
  };
  messages: {
    conversation_id: number;
    seq: number;
    id: number;
    sender_id: number;
    /** The other member of a personal conversation; null for a group, which is how a message knows its kind. */
    recipient_id: number | null;
    client_id: Text;
    body: Text;
    status: 'sent' | 'delivered' | 'seen';
    delivered_at: TimeColumn;
    seen_at: TimeColumn;
    sent_at: TimeColumn;
  };
}

export const asText = (value: Text): string =>
  typeof value === 'string' ? value : Buffer.from(value).toString('utf8');

export const kindOfMessage = (recipientId: number | null): ConversationKind =>
  recipientId === null ? 'group' : 'personal';
