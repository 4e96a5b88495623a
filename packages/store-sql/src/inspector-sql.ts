import type { ConversationId, ConversationKind, MessageId, Seq, TimeUs, UserId } from '@parley/core';
import { type Kysely, sql } from 'kysely';
import { type ChatSchema, kindOfMessage } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';
import { guarded } from './transaction.ts';

/** What an operator may know of a message: everything but its text. */
export interface MessageFacts {
  readonly messageId: MessageId;
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  readonly seq: Seq;
  readonly senderId: UserId;
  readonly recipientId: UserId | null;
  /** Of a personal message; a group's is in its members' cursors. */
  readonly status: 'sent' | 'delivered' | 'seen';
  readonly sentAtUs: TimeUs;
  readonly deliveredAtUs: TimeUs | null;
  readonly seenAtUs: TimeUs | null;
}

/** A member, present or past, with how far the conversation has reached them. */
export interface MemberFacts {
  readonly userId: UserId;
  readonly joinedSeq: Seq;
  readonly leftSeq: Seq | null;
  readonly deliveredSeq: Seq;
  readonly deliveredAtUs: TimeUs | null;
  readonly seenSeq: Seq;
  readonly seenAtUs: TimeUs | null;
}

export type StoreInspector = Pick<SqlInspector, 'message' | 'members'>;

/** Reads for operators (`parley inspect`, `parley why`); no part of a node uses them. Rejects with a `StoreError`. */
export class SqlInspector {
  readonly #db: Kysely<ChatSchema>;
  readonly #flavor: SqlFlavor;

  constructor(db: Kysely<ChatSchema>, flavor: SqlFlavor) {
    this.#db = db;
    this.#flavor = flavor;
  }

  async message(messageId: MessageId): Promise<MessageFacts | null> {
    const row = await guarded(this.#flavor, () =>
      this.#db
        .selectFrom('messages')
        .select(['id', 'conversation_id', 'seq', 'sender_id', 'recipient_id'])
        .select([this.#time('sent_at')])
        .where('id', '=', messageId)
        .executeTakeFirst(),
    );
    if (row === undefined) return null;
    const status = await guarded(this.#flavor, () =>
      this.#db
        .selectFrom('message_status')
        .select('status')
        .select([this.#time('delivered_at'), this.#time('seen_at')])
        .where('id', '=', messageId)
        .executeTakeFirst(),
    );
    return {
      messageId: row.id,
      conversationId: row.conversation_id,
      kind: kindOfMessage(row.recipient_id),
      seq: row.seq,
      senderId: row.sender_id,
      recipientId: row.recipient_id,
      status: status?.status ?? 'sent',
      sentAtUs: row.sent_at ?? 0,
      deliveredAtUs: status?.delivered_at ?? null,
      seenAtUs: status?.seen_at ?? null,
    };
  }

  /** The conversation's members by user id, at most `limit`. */
  async members(conversationId: ConversationId, limit: number): Promise<MemberFacts[]> {
    const rows = await guarded(this.#flavor, () =>
      this.#db
        .selectFrom('members')
        .select(['user_id', 'joined_seq', 'left_seq', 'delivered_seq', 'seen_seq'])
        .select([this.#time('delivered_at'), this.#time('seen_at')])
        .where('conversation_id', '=', conversationId)
        .orderBy('user_id')
        .limit(limit)
        .execute(),
    );
    return rows.map((row) => ({
      userId: row.user_id,
      joinedSeq: row.joined_seq,
      leftSeq: row.left_seq,
      deliveredSeq: row.delivered_seq,
      deliveredAtUs: row.delivered_at,
      seenSeq: row.seen_seq,
      seenAtUs: row.seen_at,
    }));
  }

  #time<Column extends 'sent_at' | 'delivered_at' | 'seen_at'>(column: Column) {
    return sql<TimeUs | null>`${sql.raw(this.#flavor.microseconds(column))}`.as(column);
  }
}
