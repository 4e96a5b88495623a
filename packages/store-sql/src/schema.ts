import type { ConversationKind, Role } from '@parley/core';
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
    /** 1: who is added later sees what was before. */
    history: Generated<number>;
  };
  members: {
    user_id: number;
    conversation_id: number;
    role: Role;
    joined_seq: Generated<number>;
    left_seq: Generated<number | null>;
    delivered_seq: Generated<number>;
    delivered_at: Generated<TimeColumn>;
    seen_seq: Generated<number>;
    seen_at: Generated<TimeColumn>;
    /** At or above every message of the member's personal conversation that it has seen by itself (`messages.status`). */
    seen_exact_seq: Generated<number>;
    /** The head when the user became a member. */
    added_seq: Generated<number>;
    /** 1: the other member of the personal conversation has blocked this one. */
    blocked: Generated<number>;
    /** The group as it was when the member left it; null for who is present. */
    left_name: Generated<Text | null>;
    left_description: Generated<Text | null>;
    left_members: Generated<number | null>;
  };
  messages: {
    conversation_id: number;
    seq: number;
    id: Generated<number>;
    sender_id: number;
    /** The other member of a personal conversation; null for a group, which is how a message knows its kind. */
    recipient_id: number | null;
    client_id: Text;
    body: Text;
    status: Generated<'sent' | 'delivered' | 'seen'>;
    delivered_at: Generated<TimeColumn>;
    seen_at: Generated<TimeColumn>;
    sent_at: TimeColumn;
    /** 1: a change of the group; `body` is the event. */
    is_event: Generated<number>;
  };
  /** Each place where the cursors of a member of a personal conversation have stood: a message has the times of the first one that has passed it. */
  receipt_marks: {
    conversation_id: number;
    user_id: number;
    delivered_seq: number;
    seen_seq: number;
    delivered_at: TimeColumn;
    seen_at: TimeColumn;
  };
  /** A view: the true status of every personal message, of its row, its recipient's cursors and marks. */
  message_status: {
    conversation_id: number;
    seq: number;
    id: number;
    sender_id: number;
    recipient_id: number;
    status: 'sent' | 'delivered' | 'seen';
    delivered_at: TimeColumn;
    seen_at: TimeColumn;
  };
  /** What was asked for under a client id. */
  requests: {
    user_id: number;
    /** The conversation of a group change; 0 for an init. */
    scope: number;
    client_id: Text;
    digest: Text;
    /** Of an init, the first result. */
    conversation_id: number;
    created: number;
  };
}

export const asText = (value: Text): string =>
  typeof value === 'string' ? value : Buffer.from(value).toString('utf8');

export const kindOfMessage = (recipientId: number | null): ConversationKind =>
  recipientId === null ? 'group' : 'personal';
