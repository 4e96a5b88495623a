import type { ConversationId, Seq, TimeUs, UserId } from '@parley/core';
import { dateTime } from './sql-text.ts';

/** Where one member's cursors move to; a seq of 0 moves nothing. */
export interface CursorMove {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  deliveredSeq: Seq;
  deliveredAtUs: TimeUs;
  seenSeq: Seq;
  seenAtUs: TimeUs;
}

/** Messages that a user received: `fromSeq <= seq <= toSeq`. */
export interface ReceivedRun {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  readonly fromSeq: Seq;
  readonly toSeq: Seq;
  readonly atUs: TimeUs;
}

const at = (atUs: TimeUs): string => `'${dateTime(atUs)}'`;

/**
 * Only for memberships that are known to exist: the upsert never inserts, it locks exactly these rows, in the order of the primary key
 * (the moves must be sorted so). A time is set before the seq it belongs to: assignments see the columns that stand left of them.
 */
export function cursorUpsert(moves: readonly CursorMove[]): string {
  const values = moves.map(
    (move) =>
      `(${move.userId},${move.conversationId},${move.deliveredSeq},${at(move.deliveredAtUs)},${move.seenSeq},${at(move.seenAtUs)})`,
  );
  return `INSERT INTO members(user_id,conversation_id,delivered_seq,delivered_at,seen_seq,seen_at)VALUES${values.join(',')} ON DUPLICATE KEY UPDATE \
delivered_at=IF(VALUES(delivered_seq)>delivered_seq,VALUES(delivered_at),delivered_at),delivered_seq=GREATEST(delivered_seq,VALUES(delivered_seq)),\
seen_at=IF(VALUES(seen_seq)>seen_seq,VALUES(seen_at),seen_at),seen_seq=GREATEST(seen_seq,VALUES(seen_seq))`;
}

export const deliveredUpdate = (runs: readonly ReceivedRun[]): string =>
  `UPDATE messages SET delivered_at=${timeOf(runs)},status='delivered' WHERE status='sent' AND(${where(runs)})`;

export const seenUpdate = (runs: readonly ReceivedRun[]): string =>
  `UPDATE messages SET seen_at=${timeOf(runs)},delivered_at=COALESCE(delivered_at,seen_at),status='seen' WHERE status<>'seen' AND(${where(runs)})`;

/** Constant ranges of the primary key, so that history is not scanned. Only a recipient moves a status (G6). */
const where = (runs: readonly ReceivedRun[]): string =>
  runs.map((run) => `(${ofRecipient(run)} AND ${ofRun(run)})`).join('OR');

const ofRecipient = (run: ReceivedRun): string =>
  `conversation_id=${run.conversationId} AND recipient_id=${run.userId}`;

const ofRun = ({ fromSeq, toSeq }: ReceivedRun): string =>
  fromSeq === toSeq ? `seq=${fromSeq}` : `seq BETWEEN ${fromSeq} AND ${toSeq}`;

/** One time for all, or one for each recipient in a conversation, or, when even those have several, one for each run. */
function timeOf(runs: readonly ReceivedRun[]): string {
  const byRecipient = new Map<string, TimeUs>();
  let perRun = false;
  for (const run of runs) {
    const key = ofRecipient(run);
    perRun ||= (byRecipient.get(key) ?? run.atUs) !== run.atUs;
    byRecipient.set(key, run.atUs);
  }
  const [first] = runs;
  if (first !== undefined && runs.every((run) => run.atUs === first.atUs)) return at(first.atUs);
  const cases: [string, TimeUs][] = perRun
    ? runs.map((run) => [`${ofRecipient(run)} AND ${ofRun(run)}`, run.atUs])
    : [...byRecipient];
  return `CASE ${cases.map(([condition, atUs]) => `WHEN ${condition} THEN ${at(atUs)}`).join(' ')} END`;
}
