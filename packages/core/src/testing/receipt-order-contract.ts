import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReceiptBatch, StatusChange } from '../ports/receipt-store.ts';
import type { UserId } from '../types.ts';
import { testSeed } from './random.ts';
import { batch, delivered, seen, seenUpto, T } from './receipt-builders.ts';
import { ReceiptModel } from './receipt-model.ts';
import { commit, type OpenHarness, Room, type StatusRow, type StoreHarness } from './store-harness.ts';

const RANK = { sent: 0, delivered: 1, seen: 2 } as const;
const MESSAGES = 8;

const seqs = fc.integer({ min: 0, max: MESSAGES + 2 });
const common = { user: fc.nat(1), at: fc.nat(50), group: fc.boolean() };
const action = fc.oneof(
  fc.record({ type: fc.constant('delivered' as const), seq: seqs, ...common }),
  fc.record({ type: fc.constant('seen' as const), seqs: fc.array(seqs, { maxLength: 4 }), ...common }),
  fc.record({ type: fc.constant('seenUpto' as const), seq: seqs, ...common }),
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;
const scripts = fc.array(fc.array(action, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 });

function toBatch(actions: readonly Action[], pair: Room, group: Room): ReceiptBatch {
  const parts = { delivered: [], seen: [], seenUpto: [] } as { [K in 'delivered' | 'seen' | 'seenUpto']: unknown[] };
  for (const act of actions) {
    const room = act.group ? group : pair;
    if (act.type === 'seen') parts.seen.push(seen(room, act.user, act.seqs, T + act.at));
    else if (act.type === 'delivered') parts.delivered.push(delivered(room, act.user, act.seq, T + act.at));
    else parts.seenUpto.push(seenUpto(room, act.user, act.seq, T + act.at));
  }
  return batch(parts as Partial<ReceiptBatch>);
}

const byPlace = (a: StatusChange, b: StatusChange): number =>
  a.userId - b.userId || a.conversationId - b.conversationId;
const sortedIds = (change: StatusChange): StatusChange => ({
  ...change,
  seenMessageIds: [...change.seenMessageIds].sort((a, b) => a - b),
});

/** Receipts in random order, one at a time and concurrently, against a model (G6). */
export function receiptOrderContract(name: string, open: OpenHarness, seed = testSeed()): void {
  describe(`receipts in any order: ${name}`, () => {
    let h: StoreHarness;
    let nodes: readonly Pick<StoreHarness, 'receipts'>[];
    beforeAll(async () => {
      h = await open();
      nodes = await Promise.all(Array.from({ length: 3 }, () => h.another()));
    });
    afterAll(async () => {
      await h.close();
    });

    const nodeOf = (index: number) => nodes[index % nodes.length] ?? h;

    const talked = async () => {
      const [pair, group] = [await Room.personal(h), await Room.group(h)];
      const rows = Array.from({ length: MESSAGES }, (_, i) => pair.row({ sender: (i % 3) % 2 }));
      const results = await commit(h.messages, [...rows, ...group.rows(MESSAGES)]);
      const messages = rows.map(({ senderId }, i) => {
        const result = results[i];
        if (result?.kind !== 'stored') throw new Error('not stored');
        return { messageId: result.messageId, senderId };
      });
      const groupMessages = Array.from({ length: MESSAGES }, () => ({ messageId: 0, senderId: group.user(0) }));
      return { pair, group, models: [new ReceiptModel(pair, messages), new ReceiptModel(group, groupMessages)] };
    };

    it(`G6 L10 every status, time and cursor is the model's, and so is what is told (seed ${seed})`, async () => {
      const property = fc.asyncProperty(scripts, fc.array(fc.boolean(), { maxLength: 6 }), async (script, repeats) => {
        const { pair, group, models } = await talked();
        let previous: StatusRow[] = await h.statuses(pair.conversationId);
        for (const [index, actions] of script.entries()) {
          const call = toBatch(actions, pair, group);
          const told = await nodeOf(index).receipts.apply(call);
          const expected = models.flatMap((model) => model.apply(call));
          expect(told.map(sortedIds).sort(byPlace)).toEqual(expected.map(sortedIds).sort(byPlace));
          // A repeat moves nothing; made again, it tells of at least the same.
          if (repeats[index] === true) {
            const again = await nodeOf(index + 1).receipts.apply({ ...call, again: true });
            for (const change of told) {
              const { userId, conversationId } = change;
              const same = again.find((one) => one.userId === userId && one.conversationId === conversationId);
              const from = { previousDeliveredSeq: 0, previousSeenSeq: 0 };
              // Also messages that an earlier call had marked: this one cannot know which of them it was.
              const seenMessageIds = expect.arrayContaining([...change.seenMessageIds]);
              expect(same).toEqual({ ...change, ...from, seenMessageIds });
            }
          } else {
            expect(await nodeOf(index + 1).receipts.apply(call)).toEqual([]);
          }
          const now = await h.statuses(pair.conversationId);
          expect(now).toEqual(models[0]?.statuses());
          for (const [i, row] of now.entries()) {
            const old = previous[i] as StatusRow;
            expect(RANK[row.status]).toBeGreaterThanOrEqual(RANK[old.status]);
            if (old.deliveredAtUs !== null) expect(row.deliveredAtUs).toBe(old.deliveredAtUs);
            if (old.seenAtUs !== null) expect(row.seenAtUs).toBe(old.seenAtUs);
          }
          previous = now;
        }
        for (const [i, room] of [pair, group].entries()) {
          for (const userId of room.members)
            expect(await h.cursors(userId, room.conversationId)).toEqual(models[i]?.cursors(userId));
        }
      });
      await fc.assert(property, { seed, numRuns: 30, endOnFailure: true });
    }, 120_000);

    it(`G6 from several nodes at once: nothing is lost, and each change begins where the last one ended (seed ${seed})`, async () => {
      const property = fc.asyncProperty(scripts, async (script) => {
        const { pair, group, models } = await talked();
        const calls = script.map((actions) => toBatch(actions, pair, group));
        const told = (await Promise.all(calls.map((call, i) => nodeOf(i).receipts.apply(call)))).flat();
        for (const call of calls) for (const model of models) model.apply(call);
        const found = await h.statuses(pair.conversationId);
        expect(found.map((row) => row.status)).toEqual(models[0]?.statuses().map((row) => row.status));
        for (const [i, room] of [pair, group].entries()) {
          for (const userId of room.members) await followsUp(room, userId, told, models[i] as ReceiptModel);
        }
      });
      await fc.assert(property, { seed, numRuns: 30, endOnFailure: true });
    }, 120_000);

    async function followsUp(
      room: Room,
      userId: UserId,
      told: readonly StatusChange[],
      model: ReceiptModel,
    ): Promise<void> {
      const { deliveredSeq, seenSeq } = model.cursors(userId);
      expect(await h.cursors(userId, room.conversationId)).toMatchObject({ deliveredSeq, seenSeq });
      const mine = told
        .filter((change) => change.userId === userId && change.conversationId === room.conversationId)
        .sort(
          (a, b) =>
            a.deliveredSeq - b.deliveredSeq ||
            a.seenSeq - b.seenSeq ||
            a.previousDeliveredSeq - b.previousDeliveredSeq ||
            a.previousSeenSeq - b.previousSeenSeq,
        );
      let at = { deliveredSeq: 0, seenSeq: 0 };
      for (const change of mine) {
        const { previousDeliveredSeq, previousSeenSeq } = change;
        expect({ deliveredSeq: previousDeliveredSeq, seenSeq: previousSeenSeq }).toEqual(at);
        at = { deliveredSeq: change.deliveredSeq, seenSeq: change.seenSeq };
      }
      expect(at).toEqual({ deliveredSeq, seenSeq });
      const ids = mine.flatMap((change) => change.seenMessageIds);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });
}
