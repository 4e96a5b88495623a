import type { ReceiptBatch, StatusChange } from '@parley/core';
import { commit, Room } from '@parley/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { SqlStores } from '../src/index.ts';
import { DatabaseFaults, failure } from './database-faults.ts';
import { cutBefore, cutBehind } from './tcp-proxy.ts';

const T = 1_700_000_000_123_456;

describe('receipts, when the connection or the server fails: MySQL', () => {
  const faults = new DatabaseFaults();
  const { database } = faults;
  let stores: SqlStores;
  beforeEach(async () => {
    stores = await faults.throughProxy();
  });

  /** Two messages in a conversation; the second member has got both and seen the second. */
  const talked = async (): Promise<{ room: Room; call: ReceiptBatch; seenId: number }> => {
    const room = await Room.personal(faults.direct);
    const [, second] = await commit(faults.direct.messages, room.rows(2));
    if (second?.kind !== 'stored') throw new Error('not stored');
    const who = { userId: room.user(1), conversationId: room.conversationId };
    const call: ReceiptBatch = {
      delivered: [{ ...who, kind: 'personal', seq: 2, atUs: T }],
      seen: [{ ...who, seqs: [2], atUs: T }],
      seenUpto: [],
    };
    return { room, call, seenId: second.messageId };
  };

  const statuses = (room: Room): Promise<{ status: string }[]> =>
    database.run('SELECT status FROM message_status WHERE conversation_id = ? ORDER BY seq', [room.conversationId]);
  const marks = async (room: Room): Promise<number> => {
    const rows = await database.run('SELECT * FROM receipt_marks WHERE conversation_id = ?', [room.conversationId]);
    return rows.length;
  };

  it('G6 cut after COMMIT was answered: unknown; made again, it tells what the first call has moved', async () => {
    const { room, call, seenId } = await talked();
    faults.proxy.intercept = cutBehind(';COMMIT');
    expect(await failure(stores.receipts.apply(call))).toMatchObject({ outcome: 'unknown', retryable: true });
    expect(await statuses(room)).toEqual([{ status: 'delivered' }, { status: 'seen' }]);
    expect(await stores.receipts.apply(call)).toEqual([]);
    expect(await stores.receipts.apply({ ...call, again: true })).toMatchObject([
      { userId: room.user(1), deliveredSeq: 2, deliveredAtUs: T, previousDeliveredSeq: 0, seenMessageIds: [seenId] },
    ]);
    expect(await marks(room)).toBe(1);
  });

  it('G6 cut before COMMIT arrived: unknown; the same call again moves it', async () => {
    const { room, call, seenId } = await talked();
    faults.proxy.intercept = cutBefore(';COMMIT');
    expect(await failure(stores.receipts.apply(call))).toMatchObject({ outcome: 'unknown', retryable: true });
    expect(await stores.receipts.apply({ ...call, again: true })).toMatchObject([
      { deliveredSeq: 2, seenMessageIds: [seenId] },
    ]);
    expect(await statuses(room)).toEqual([{ status: 'delivered' }, { status: 'seen' }]);
    expect(await marks(room)).toBe(1);
  });

  it('cut before anything was locked: not committed', async () => {
    const { room, call } = await talked();
    faults.proxy.intercept = cutBefore('FOR UPDATE');
    expect(await failure(stores.receipts.apply(call))).toMatchObject({ outcome: 'not_committed', retryable: true });
    expect(await statuses(room)).toEqual([{ status: 'sent' }, { status: 'sent' }]);
  });

  it('a statement that the server refuses: not committed, and the connection is in no transaction', async () => {
    const { room, call } = await talked();
    await database.run('RENAME TABLE receipt_marks TO receipt_marks_away');
    try {
      expect(await failure(stores.receipts.apply(call))).toMatchObject({ outcome: 'not_committed', retryable: false });
    } finally {
      await database.run('RENAME TABLE receipt_marks_away TO receipt_marks');
    }
    expect(await statuses(room)).toEqual([{ status: 'sent' }, { status: 'sent' }]);
    expect(await stores.receipts.apply(call)).toHaveLength(1);
  });

  it('G6 waits for another node in the middle of the same member’s receipts, and begins where that one ends', async () => {
    const { room, call } = await talked();
    const holder = await database.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM members WHERE user_id = ? FOR UPDATE', [room.user(1)]);
    const running: Promise<readonly StatusChange[]> = stores.receipts.apply(call);
    await faults.waiting('%members FORCE INDEX%FOR UPDATE%');
    await holder.query('UPDATE members SET delivered_seq = 1, delivered_at = NOW(6) WHERE user_id = ?', [room.user(1)]);
    await holder.query('COMMIT');
    await holder.end();
    expect(await running).toMatchObject([{ deliveredSeq: 2, previousDeliveredSeq: 1 }]);
  });

  it('many nodes with overlapping batches, in any order of their receipts, end without an error', async () => {
    const rooms = await Promise.all(Array.from({ length: 20 }, () => Room.personal(faults.direct)));
    await commit(
      faults.direct.messages,
      rooms.flatMap((room) => [room.row(), room.row({ sender: 1 }), room.row()]),
    );
    const nodes = await Promise.all(Array.from({ length: 4 }, () => database.open({ maxWriteConnections: 2 })));
    const calls = Array.from({ length: 48 }, (_, i) => {
      const some = rooms.filter((_, at) => (at + i) % 3 !== 0);
      if (i % 2 === 0) some.reverse();
      const who = some.flatMap((room) => [0, 1].map((user) => ({ room, user: room.user(user) })));
      return nodes[i % nodes.length]?.receipts.apply({
        delivered: who.map(({ room, user }) => ({
          ...{ userId: user, conversationId: room.conversationId, kind: 'personal' as const },
          ...{ seq: 1 + (Math.floor(i / 3) % 3), atUs: T + i },
        })),
        seen: who.map(({ room, user }) => ({
          ...{ userId: user, conversationId: room.conversationId },
          ...{ seqs: [3 - (Math.floor(i / 3) % 3)], atUs: T + i },
        })),
        seenUpto: [],
      });
    });
    await Promise.all(calls);
    for (const room of rooms) expect((await statuses(room)).map(({ status }) => status)).toEqual(Array(3).fill('seen'));
  }, 60_000);
});
