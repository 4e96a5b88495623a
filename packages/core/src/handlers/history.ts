import type { NodeServices } from '../services.ts';
import type { ConversationId, Seq, StoredMessage } from '../types.ts';
import { type Reply, refusal } from '../wire/reply.ts';
import type { Caller } from './caller.ts';
import type { FrameOf } from './frame-of.ts';
import { PageBudget } from './page-budget.ts';
import { storedEntry } from './stored-entry.ts';
import { answerInTurn } from './turns.ts';
import { type VisibleRange, visibleRange } from './visible-range.ts';

/** One page of what the caller may see, in seq order: the newest, the newest below `before`, or the oldest above `after`. */
export function handleHistory(frame: FrameOf<'history'>, caller: Caller, services: NodeServices): Promise<Reply> {
  return answerInTurn(caller, services, async () => {
    const range = await visibleRange(frame.conv_id, caller, services);
    if (range === null) return refusal('not_a_member');
    const { conv_id, before, after, limit } = frame;
    const rows =
      after === undefined
        ? await readBackward(conv_id, before, limit, range, services)
        : await readForward(conv_id, after, limit, range, services);
    // Numbered without a gap (G2): whether there is more needs no reading.
    const [oldest, newest] = [rows[0]?.seq ?? 0, rows.at(-1)?.seq ?? range.maxSeq];
    const more = after === undefined ? oldest > range.minSeq : newest < range.maxSeq;
    return { kind: 'frame', frame: { type: 'history', conv_id, messages: rows.map(storedEntry), more } };
  });
}

async function readForward(
  conversationId: ConversationId,
  from: Seq,
  limit: number,
  { minSeq, maxSeq }: VisibleRange,
  { reader }: NodeServices,
): Promise<StoredMessage[]> {
  const budget = new PageBudget(limit);
  const rows: StoredMessage[] = [];
  for (let after = Math.max(from, minSeq - 1); after < maxSeq && budget.next > 0; ) {
    const page = await reader.page(conversationId, { after, minSeq, maxSeq, limit: budget.next });
    if (page.length === 0) break;
    for (const row of page) if (budget.take(row.body)) rows.push(row);
    after = page.at(-1)?.seq ?? maxSeq;
  }
  return rows;
}

async function readBackward(
  conversationId: ConversationId,
  from: Seq | undefined,
  limit: number,
  { minSeq, maxSeq }: VisibleRange,
  { reader }: NodeServices,
): Promise<StoredMessage[]> {
  const budget = new PageBudget(limit);
  const rows: StoredMessage[] = [];
  for (let before = Math.min(from ?? maxSeq + 1, maxSeq + 1); before > minSeq && budget.next > 0; ) {
    const page = await reader.page(conversationId, { before, minSeq, maxSeq, limit: budget.next });
    if (page.length === 0) break;
    for (const row of page.toReversed()) if (budget.take(row.body)) rows.push(row);
    before = page[0]?.seq ?? minSeq;
  }
  return rows.reverse();
}
