import type { ConversationId, MemberReceipts, ReceiptCursors, Seq, TimeUs, UserId } from '@parley/core';
import { dateTime } from './sql-text.ts';

/** A member as it is after the call. */
export interface MovedMember extends ReceiptCursors {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  readonly seenExactSeq: Seq;
}

/** Messages that a user received: `fromSeq <= seq <= toSeq`. */
export interface ReceivedRun {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  readonly fromSeq: Seq;
  readonly toSeq: Seq;
}

/** Such messages, seen one by one. */
export interface SeenRun extends ReceivedRun {
  readonly atUs: TimeUs;
  /** Nothing else says when they were delivered. */
  readonly impliesDelivered: boolean;
}

const at = (atUs: TimeUs | null): string => (atUs === null ? 'NULL' : `'${dateTime(atUs)}'`);
const micros = (column: string): string => `TIMESTAMPDIFF(MICROSECOND,'1970-01-01',${column})`;

/** Locks the members' rows in the order of their primary key, which is that of `wanted`: the index is forced, so that no other row is locked, nor in another order. */
export const membersForUpdate = (wanted: readonly MemberReceipts[]): string =>
  `SELECT user_id,conversation_id,joined_seq,left_seq,delivered_seq,${micros('delivered_at')},seen_seq,${micros('seen_at')},seen_exact_seq \
FROM members FORCE INDEX(PRIMARY)WHERE ${wanted.map((m) => `(user_id=${m.userId} AND conversation_id=${m.conversationId})`).join('OR')} FOR UPDATE`;

export const conversationsOf = (wanted: readonly MemberReceipts[]): string =>
  `SELECT id,kind,pair_key,last_seq FROM conversations WHERE id IN(${[...new Set(wanted.map((m) => m.conversationId))].join(',')})`;

/** Constant ranges of the primary key, so that history is not scanned. */
export const messagesOf = (runs: readonly ReceivedRun[]): string =>
  `SELECT conversation_id,recipient_id,seq,id,status='seen' FROM messages WHERE ${where(runs)}`;

/** Only for rows that this transaction has locked: the upsert never inserts. */
export const membersUpsert = (members: readonly MovedMember[]): string =>
  `INSERT INTO members(user_id,conversation_id,delivered_seq,delivered_at,seen_seq,seen_at,seen_exact_seq)VALUES${members
    .map(
      (m) =>
        `(${m.userId},${m.conversationId},${m.deliveredSeq},${at(m.deliveredAtUs)},${m.seenSeq},${at(m.seenAtUs)},${m.seenExactSeq})`,
    )
    .join(',')} ON DUPLICATE KEY UPDATE delivered_seq=VALUES(delivered_seq),delivered_at=VALUES(delivered_at),\
seen_seq=VALUES(seen_seq),seen_at=VALUES(seen_at),seen_exact_seq=VALUES(seen_exact_seq)`;

/** Each place is new, since a cursor only goes forward; one that is there all the same keeps its times. */
export const marksInsert = (members: readonly MovedMember[]): string =>
  `INSERT INTO receipt_marks(conversation_id,user_id,delivered_seq,seen_seq,delivered_at,seen_at)VALUES${members
    .map(
      (m) =>
        `(${m.conversationId},${m.userId},${m.deliveredSeq},${m.seenSeq},${at(m.deliveredAtUs)},${at(m.seenAtUs)})`,
    )
    .join(',')} ON DUPLICATE KEY UPDATE delivered_at=delivered_at`;

/** The runs must be alike in `impliesDelivered`. */
export function seenUpdate(runs: readonly SeenRun[]): string {
  const delivered = runs[0]?.impliesDelivered === true ? ',delivered_at=COALESCE(delivered_at,seen_at)' : '';
  return `UPDATE messages SET seen_at=${timeOf(runs)}${delivered},status='seen' WHERE status<>'seen' AND(${where(runs)})`;
}

/** Consecutive seqs as runs. */
export function runsOf<T extends { readonly seq: Seq }>(sorted: readonly T[], alike: (a: T, b: T) => boolean): T[][] {
  const runs: T[][] = [];
  let last: T | undefined;
  for (const item of sorted) {
    if (last !== undefined && last.seq + 1 === item.seq && alike(last, item)) runs.at(-1)?.push(item);
    else runs.push([item]);
    last = item;
  }
  return runs;
}

/** Only a recipient moves a status (G6). */
const where = (runs: readonly ReceivedRun[]): string =>
  runs.map((run) => `(${ofRecipient(run)} AND ${ofRun(run)})`).join('OR');

const ofRecipient = (run: ReceivedRun): string =>
  `conversation_id=${run.conversationId} AND recipient_id=${run.userId}`;

const ofRun = ({ fromSeq, toSeq }: ReceivedRun): string =>
  fromSeq === toSeq ? `seq=${fromSeq}` : `seq BETWEEN ${fromSeq} AND ${toSeq}`;

/** One time for all, or one for each recipient in a conversation, or, when even those have several, one for each run. */
function timeOf(runs: readonly SeenRun[]): string {
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
