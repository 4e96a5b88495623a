import type { AppendResult, AppendRow, FirstMessage } from '@parley/core';
import { describe, expect, it } from 'vitest';
import { AppendPlan, clientKey } from './append-plan.ts';

const row = (clientId: string, body: string): AppendRow => ({
  conversationId: 1,
  kind: 'group',
  senderId: 7,
  recipientId: null,
  clientId,
  body,
  sentAtUs: 5,
  membersVersion: 1,
});
const first = (seq: number, body: string): FirstMessage => ({
  seq,
  messageId: seq * 10,
  sentAtUs: 3,
  body,
  isEvent: false,
});
const stored = (seq: number): AppendResult => ({ kind: 'stored', seq, messageId: seq * 10, sentAtUs: 5 });

describe('AppendPlan (G3)', () => {
  it('answers a repeat within the batch from the row that it repeats', () => {
    const plan = new AppendPlan([row('a', 'x'), row('b', 'y'), row('a', 'x'), row('a', 'z')]);
    expect(plan.settle(new Map())).toBe(true);
    expect(plan.pending.map((each) => each.clientId)).toEqual(['a', 'b']);
    expect(plan.outcome([stored(1), stored(2)])).toEqual({
      kind: 'committed',
      results: [stored(1), stored(2), { ...stored(1), kind: 'duplicate' }, { kind: 'conflict' }],
    });
  });

  it('compares every repeat with what another node has stored meanwhile', () => {
    const batch = [row('a', 'x'), row('a', 'theirs'), row('b', 'y')];
    const plan = new AppendPlan(batch);
    plan.settle(new Map());
    expect(plan.settle(new Map([[clientKey(batch[0] as AppendRow), first(4, 'theirs')]]))).toBe(true);
    expect(plan.outcome([stored(5)])).toEqual({
      kind: 'committed',
      results: [{ kind: 'conflict' }, { kind: 'duplicate', seq: 4, messageId: 40, sentAtUs: 3 }, stored(5)],
    });
  });

  it('says when nothing could be settled', () => {
    const plan = new AppendPlan([row('a', 'x')]);
    expect(plan.settle(new Map())).toBe(false);
  });
});
