import type { ReceiptStore } from '@parley/core';
import { expect } from 'vitest';

type Run = <Row>(text: string, values?: (string | number)[]) => Promise<Row[]>;

/** Writes a conversation as it was before migration 3; `time`: an SQL literal for so many seconds after some moment. */
export async function writeBeforeCursors(run: Run, time: (seconds: number) => string): Promise<void> {
  for (const id of [1, 2]) await run(`INSERT INTO users (id, name) VALUES (${id}, 'User ${id}')`);
  await run(`INSERT INTO conversations (id, kind, name, description, pair_key, last_seq, members_version)
    VALUES (1, 'personal', '', '', '1:2', 4, 1)`);
  for (const [user, seq] of [
    [1, 0],
    [2, 2],
  ]) {
    await run(`INSERT INTO members (user_id, conversation_id, role, delivered_seq, delivered_at)
      VALUES (${user}, 1, 'member', ${seq}, ${seq === 0 ? 'NULL' : time(2)})`);
  }
  const rows = [
    `'delivered', ${time(1)}, NULL`,
    `'delivered', ${time(2)}, NULL`,
    `'seen', ${time(3)}, ${time(4)}`,
    `'sent', NULL, NULL`,
  ];
  for (const [index, status] of rows.entries()) {
    await run(`INSERT INTO messages (conversation_id, seq, sender_id, recipient_id, client_id, body, status, delivered_at, seen_at, sent_at)
      VALUES (1, ${index + 1}, 1, 2, 'c${index}', 'b', ${status}, ${time(0)})`);
  }
}

/** What must be true of it afterwards, and stay so when receipts go on from there. `seconds`: of a time column, by the moment of `time`. */
export async function statusesGoOn(run: Run, receipts: ReceiptStore, seconds: string, atUs: number): Promise<void> {
  const statuses = async (): Promise<string[]> => {
    const of = (column: string): string => seconds.replaceAll('$', column);
    const rows = await run<{ status: string; d: number | null; s: number | null }>(
      `SELECT status, ${of('delivered_at')} AS d, ${of('seen_at')} AS s FROM message_status WHERE conversation_id = 1 ORDER BY seq`,
    );
    return rows.map(({ status, d, s }) => `${status} ${d} ${s}`);
  };
  expect(await statuses()).toEqual(['delivered 1 null', 'delivered 2 null', 'seen 3 4', 'sent null null']);
  expect(await run('SELECT seen_exact_seq AS seq FROM members ORDER BY user_id')).toEqual([{ seq: 0 }, { seq: 3 }]);
  const who = { userId: 2, conversationId: 1 };
  const kind = 'personal' as const;
  await receipts.apply({
    delivered: [{ ...who, kind, seq: 4, atUs: atUs + 5_000_000 }],
    seen: [{ ...who, seqs: [3], atUs: atUs + 5_000_000 }],
    seenUpto: [],
  });
  await receipts.apply({ delivered: [], seen: [], seenUpto: [{ ...who, kind, seq: 4, atUs: atUs + 6_000_000 }] });
  expect(await statuses()).toEqual(['seen 1 6', 'seen 2 6', 'seen 3 4', 'seen 5 6']);
}
