import {
  type ConversationKind,
  decideReceipts,
  type MemberReceipts,
  type MemberStanding,
  type MessageId,
  type ReceiptStep,
  type Seq,
  type StatusChange,
  statusChange,
  type TimeUs,
} from '@parley/core';
import type { MysqlConnection } from './mysql-connection.ts';
import {
  conversationsOf,
  type MovedMember,
  marksInsert,
  membersForUpdate,
  membersUpsert,
  messagesOf,
  type ReceivedRun,
  runsOf,
  type SeenRun,
  seenUpdate,
} from './receipt-sql.ts';

/** Of one statement, to keep its ranges within what the optimizer looks at. */
const MAX_RUNS_PER_STATEMENT = 128;

type MemberRow = readonly [
  userId: number,
  conversationId: number,
  joinedSeq: Seq,
  leftSeq: Seq | null,
  deliveredSeq: Seq,
  deliveredAtUs: TimeUs | null,
  seenSeq: Seq,
  seenAtUs: TimeUs | null,
  seenExactSeq: Seq,
];
type ConversationRow = readonly [id: number, kind: ConversationKind, pairKey: string | null, lastSeq: Seq];
type MessageRow = readonly [conversationId: number, recipientId: number, seq: Seq, id: MessageId, seen: 0 | 1];

interface Decided {
  readonly receipts: MemberReceipts;
  readonly before: MemberStanding;
  readonly seenExactSeq: Seq;
  readonly step: ReceiptStep;
  readonly exact: ReadonlySet<Seq>;
  /** Of the exact ones: those to be marked, and those to be told. */
  readonly marked: Set<Seq>;
  readonly told: { seq: Seq; messageId: MessageId }[];
}

export interface ReceiptTransaction {
  /** Between BEGIN and COMMIT; empty when nothing moves. */
  readonly statements: readonly string[];
  readonly changes: readonly StatusChange[];
}

/** BEGINs a transaction that has the members' rows locked, and says what it is to write: so nothing comes between what is read and what is told. */
export async function beginReceipts(
  connection: MysqlConnection,
  wanted: readonly MemberReceipts[],
  again: boolean,
): Promise<ReceiptTransaction> {
  const named = wanted.flatMap(namedRuns);
  const reads = chunks(named, MAX_RUNS_PER_STATEMENT).map(messagesOf);
  const text = ['BEGIN', membersForUpdate(wanted), conversationsOf(wanted), ...reads].join(';');
  const results = (await connection.query(text, { rowsAsArray: true })) as readonly unknown[];
  const [, members, conversations, ...messages] = results as [
    unknown,
    MemberRow[],
    ConversationRow[],
    ...(readonly MessageRow[][]),
  ];
  const decided = decide(wanted, members, conversations);
  for (const row of messages.flat()) noteMessage(decided.get(`${row[1]} ${row[0]}`), row, again);
  const all = [...decided.values()];
  const changes = all
    .map(({ receipts, before, step, told }) => statusChange(receipts, before, step, told, again))
    .filter((change) => change !== null);
  return { statements: statementsOf(all), changes };
}

function decide(
  wanted: readonly MemberReceipts[],
  members: readonly MemberRow[],
  conversations: readonly ConversationRow[],
): Map<string, Decided> {
  const conversationOf = new Map(conversations.map((row) => [row[0], row]));
  const memberOf = new Map(members.map((row) => [`${row[0]} ${row[1]}`, row]));
  const decided = new Map<string, Decided>();
  for (const receipts of wanted) {
    const key = `${receipts.userId} ${receipts.conversationId}`;
    const member = memberOf.get(key);
    const conversation = conversationOf.get(receipts.conversationId);
    if (member === undefined || conversation === undefined) continue;
    const [userId, , joinedSeq, leftSeq, deliveredSeq, deliveredAtUs, seenSeq, seenAtUs, seenExactSeq] = member;
    const [, kind, pairKey, lastSeq] = conversation;
    const peerId =
      pairKey
        ?.split(':')
        .map(Number)
        .find((id) => id !== userId) ?? null;
    const reach = Math.min(lastSeq, leftSeq ?? lastSeq);
    const before = { kind, peerId, joinedSeq, reach, deliveredSeq, deliveredAtUs, seenSeq, seenAtUs };
    const step = decideReceipts(before, receipts);
    const exact = new Set(step.exact.map(({ seq }) => seq));
    decided.set(key, { receipts, before, seenExactSeq, step, exact, marked: new Set(), told: [] });
  }
  return decided;
}

function noteMessage(member: Decided | undefined, [, , seq, messageId, seen]: MessageRow, again: boolean): void {
  if (member === undefined || !member.exact.has(seq)) return;
  if (seen === 0) member.marked.add(seq);
  if (seen === 0 || again) member.told.push({ seq, messageId });
}

function statementsOf(all: readonly Decided[]): string[] {
  const members: MovedMember[] = [];
  const marks: MovedMember[] = [];
  const runs: SeenRun[] = [];
  for (const { receipts, before, seenExactSeq, step, marked } of all) {
    const { userId, conversationId } = receipts;
    const at = { userId, conversationId };
    const exact = step.exact.filter(({ seq }) => marked.has(seq));
    const lastExact = Math.max(seenExactSeq, exact.at(-1)?.seq ?? 0);
    const member = { ...at, ...step.after, seenExactSeq: lastExact };
    if (step.moved || lastExact > seenExactSeq) members.push(member);
    if (step.moved && before.kind === 'personal') marks.push(member);
    const alike = (a: (typeof exact)[number], b: typeof a): boolean =>
      a.atUs === b.atUs && a.impliesDelivered === b.impliesDelivered;
    for (const run of runsOf(exact, alike)) {
      const [first] = run as [(typeof exact)[number]];
      const { atUs, impliesDelivered } = first;
      runs.push({ ...at, fromSeq: first.seq, toSeq: first.seq + run.length - 1, atUs, impliesDelivered });
    }
  }
  runs.sort((a, b) => a.conversationId - b.conversationId || a.fromSeq - b.fromSeq);
  return [
    ...(members.length > 0 ? [membersUpsert(members)] : []),
    ...(marks.length > 0 ? [marksInsert(marks)] : []),
    ...[true, false].flatMap((implies) =>
      chunks(
        runs.filter((run) => run.impliesDelivered === implies),
        MAX_RUNS_PER_STATEMENT,
      ).map(seenUpdate),
    ),
  ];
}

const alwaysAlike = (): boolean => true;

/** The messages that a member names one by one. */
function namedRuns({ userId, conversationId, seen }: MemberReceipts): ReceivedRun[] {
  const sorted = [...seen.keys()].sort((a, b) => a - b).map((seq) => ({ seq }));
  return runsOf(sorted, alwaysAlike).map((run) => {
    const fromSeq = run[0]?.seq ?? 0;
    return { userId, conversationId, fromSeq, toSeq: fromSeq + run.length - 1 };
  });
}

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
