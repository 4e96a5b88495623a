import { commit, Room } from '@parley/core/testing';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, describe, expect, it } from 'vitest';
import { TestDatabase } from './mysql-harness.ts';

const MARKS = 3_000;

describe('the view message_status on MySQL', () => {
  const database = new TestDatabase();
  afterAll(() => database.drop());

  it('finds the status and times of one message without looking through the marks before or after it', async () => {
    const stores = await database.open();
    await stores.migrate();
    const room = await Room.personal(stores);
    const ids: number[] = [];
    for (let at = 0; at < MARKS; at += 500) {
      for (const result of await commit(stores.messages, room.rows(500))) {
        if (result.kind === 'stored') ids.push(result.messageId);
      }
    }
    const connection = await database.connect();
    try {
      const marks = Array.from({ length: MARKS }, (_, i) => [
        ...[room.conversationId, room.user(1), i + 1, Math.max(0, i - 10)],
        ...['2026-01-01 00:00:01', i > 10 ? '2026-01-01 00:00:02' : null],
      ]);
      await connection.query('INSERT INTO receipt_marks VALUES ?', [marks]);
      await connection.query('UPDATE members SET delivered_seq = ?, seen_seq = ? WHERE user_id = ?', [
        ...[MARKS, MARKS - 11],
        room.user(1),
      ]);
      for (const [at, status] of [
        [0, 'seen'],
        [MARKS / 2, 'seen'],
        [MARKS - 1, 'delivered'],
      ] as const) {
        await connection.query('FLUSH STATUS');
        const [rows] = await connection.query<RowDataPacket[]>('SELECT * FROM message_status WHERE id = ?', [ids[at]]);
        expect(rows).toMatchObject([{ status, delivered_at: expect.anything() }]);
        const [reads] = await connection.query<RowDataPacket[]>("SHOW SESSION STATUS LIKE 'Handler_read%'");
        // Counters of the server: keys and rows read, the temporary table of SHOW not among them.
        expect(reads.reduce((sum, { Value }) => sum + Number(Value), 0)).toBeLessThan(50);
      }
    } finally {
      await connection.end();
    }
  }, 60_000);
});
