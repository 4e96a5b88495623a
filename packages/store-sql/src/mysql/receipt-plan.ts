import type { ReceiptBatch, SeenReceipt, Seq, TimeUs } from '@parley/core';
import type { CursorMove, ReceivedRun } from './receipt-sql.ts';

/** One move per member, the furthest of the batch, sorted as the members' primary key. */
export function cursorMoves(batch: ReceiptBatch): CursorMove[] {
  const moves = new Map<string, CursorMove>();
  const moveOf = (userId: number, conversationId: number, atUs: TimeUs): CursorMove => {
    const key = `${userId} ${conversationId}`;
    const known = moves.get(key);
    if (known !== undefined) return known;
    const move = { userId, conversationId, deliveredSeq: 0, deliveredAtUs: atUs, seenSeq: 0, seenAtUs: atUs };
    moves.set(key, move);
    return move;
  };
  for (const { userId, conversationId, seq, atUs } of batch.delivered) {
    const move = moveOf(userId, conversationId, atUs);
    if (seq <= move.deliveredSeq) continue;
    move.deliveredSeq = seq;
    move.deliveredAtUs = atUs;
  }
  for (const { userId, conversationId, seq, atUs } of batch.groupSeen) {
    const move = moveOf(userId, conversationId, atUs);
    if (seq <= move.seenSeq) continue;
    move.seenSeq = seq;
    move.seenAtUs = atUs;
  }
  return [...moves.values()].sort((a, b) => a.userId - b.userId || a.conversationId - b.conversationId);
}

/** Seqs as runs, sorted as the messages' primary key. A seq that several receipts name has the time of the first. */
export function seenRuns(receipts: readonly SeenReceipt[]): ReceivedRun[] {
  const taken = new Map<string, Set<Seq>>();
  const runs: ReceivedRun[] = [];
  for (const { userId, conversationId, seqs, atUs } of receipts) {
    const key = `${conversationId} ${userId}`;
    const known = taken.get(key) ?? new Set();
    taken.set(key, known);
    const fresh = [...new Set(seqs)].filter((seq) => !known.has(seq)).sort((a, b) => a - b);
    for (const seq of fresh) known.add(seq);
    for (const [fromSeq, toSeq] of runsOf(fresh)) runs.push({ userId, conversationId, fromSeq, toSeq, atUs });
  }
  return runs.sort((a, b) => a.conversationId - b.conversationId || a.fromSeq - b.fromSeq);
}

function runsOf(sorted: readonly Seq[]): [Seq, Seq][] {
  const runs: [Seq, Seq][] = [];
  for (const seq of sorted) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] + 1 === seq) last[1] = seq;
    else runs.push([seq, seq]);
  }
  return runs;
}
