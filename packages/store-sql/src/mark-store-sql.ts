import { assertAtMost, refusal, type TimeUs } from '@parley/core';
import { type Kysely, sql } from 'kysely';
import { type MarkPlace, type ReceiptMark, startOfDay, thinnable } from './mark-thinning.ts';
import type { ChatSchema } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';
import { guarded } from './transaction.ts';

export interface MarkThinning {
  /** Times of this UTC day and of later ones stay exact. */
  readonly beforeUs: TimeUs;
  /** Where to go on; null: at the start of the table. */
  readonly from: MarkPlace | null;
  /** Marks to look at, 2 to 2,000. */
  readonly limit: number;
  /** Only counts. */
  readonly dryRun: boolean;
}

export interface ThinnedMarks {
  readonly read: number;
  readonly removed: number;
  /** Where the next call goes on; null at the end of the table. */
  readonly next: MarkPlace | null;
}

export const MAX_MARKS_PER_CALL = 2_000;
const MARKS_PER_DELETE = 100;

/** Of `receipt_marks`, what operators do with them; nodes write and read them elsewhere. */
export class SqlMarkStore {
  readonly #db: Kysely<ChatSchema>;
  readonly #flavor: SqlFlavor;

  constructor(db: Kysely<ChatSchema>, flavor: SqlFlavor) {
    this.#db = db;
    this.#flavor = flavor;
  }

  /**
   * Thins a bounded part of the table; see `thinnable`. Nodes may write meanwhile: a mark that goes is not a member's last, and only that one has a successor to come.
   * Harmless to repeat, also beside another run. Rejects with a `StoreError`; some of the part may be gone then.
   */
  async thin({ beforeUs, from, limit, dryRun }: MarkThinning): Promise<ThinnedMarks> {
    assertAtMost('marks', limit, MAX_MARKS_PER_CALL);
    if (limit < 2) throw refusal('marks: at least 2 per call, since one is judged by the next');
    const marks = await this.#read(from ?? { conversationId: 0, userId: 0, deliveredSeq: 0, seenSeq: 0 }, limit);
    const next = marks.length < limit ? null : placeOf(marks.at(-1));
    const surplus = thinnable(marks, startOfDay(beforeUs));
    const removed = dryRun ? surplus.length : await this.#remove(surplus);
    // The last one is read again, and judged, by the next call.
    return { read: next === null ? marks.length : marks.length - 1, removed, next };
  }

  /** In the order of the key, from `from` on: the rest of that place, of that member, of that conversation, and so on, each a range of the key on every dialect. */
  async #read(from: MarkPlace, limit: number): Promise<ReceiptMark[]> {
    const marks: ReceiptMark[] = [];
    for (let shared = 3; shared >= 0 && marks.length < limit; shared -= 1) {
      let rest = this.#db
        .selectFrom('receipt_marks')
        .select(['conversation_id', 'user_id', 'delivered_seq', 'seen_seq'])
        .select([this.#time('delivered_at', 'delivered_us'), this.#time('seen_at', 'seen_us')])
        .orderBy('conversation_id')
        .orderBy('user_id')
        .orderBy('delivered_seq')
        .orderBy('seen_seq')
        .limit(limit - marks.length);
      for (const [at, column] of KEY.entries()) {
        if (at < shared) rest = rest.where(column.name, '=', column.of(from));
        else if (at === shared) rest = rest.where(column.name, shared === 3 ? '>=' : '>', column.of(from));
      }
      const rows = await guarded(this.#flavor, () => rest.execute());
      for (const row of rows) {
        marks.push({
          conversationId: row.conversation_id,
          userId: row.user_id,
          deliveredSeq: row.delivered_seq,
          seenSeq: row.seen_seq,
          deliveredAtUs: row.delivered_us,
          seenAtUs: row.seen_us,
        });
      }
    }
    return marks;
  }

  /** By their keys, so that no other row is locked. */
  async #remove(marks: readonly MarkPlace[]): Promise<number> {
    let removed = 0;
    for (let at = 0; at < marks.length; at += MARKS_PER_DELETE) {
      const part = marks.slice(at, at + MARKS_PER_DELETE);
      const result = await guarded(this.#flavor, () =>
        this.#db
          .deleteFrom('receipt_marks')
          .where((where) =>
            where.or(part.map((mark) => where.and(KEY.map((column) => where(column.name, '=', column.of(mark)))))),
          )
          .executeTakeFirst(),
      );
      removed += Number(result.numDeletedRows);
    }
    return removed;
  }

  #time<Name extends string>(column: 'delivered_at' | 'seen_at', name: Name) {
    return sql<TimeUs | null>`${sql.raw(this.#flavor.microseconds(column))}`.as(name);
  }
}

const KEY = [
  { name: 'conversation_id', of: (place: MarkPlace) => place.conversationId },
  { name: 'user_id', of: (place: MarkPlace) => place.userId },
  { name: 'delivered_seq', of: (place: MarkPlace) => place.deliveredSeq },
  { name: 'seen_seq', of: (place: MarkPlace) => place.seenSeq },
] as const;

function placeOf(mark: ReceiptMark | undefined): MarkPlace | null {
  if (mark === undefined) return null;
  const { conversationId, userId, deliveredSeq, seenSeq } = mark;
  return { conversationId, userId, deliveredSeq, seenSeq };
}
