import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeliveredReceipt, GroupSeenReceipt, SeenReceipt } from '../ports/receipt-store.ts';
import { testSeed } from './random.ts';
import { delivered, groupSeen, seen, T } from './receipt-builders.ts';
import { commit, type OpenHarness, Room, type StatusRow, type StoreHarness } from './store-harness.ts';

const RANK = { sent: 0, delivered: 1, seen: 2 } as const;

/** Receipts in random order, one at a time and concurrently, against a model (G6). */
export function receiptOrderContract(name: string, open: OpenHarness, seed = testSeed()): void {
  describe(`receipts in any order: ${name}`, () => {
    let h: StoreHarness;
    beforeAll(async () => {
      h = await open();
    });
    afterAll(async () => {
      await h.close();
    });

    it(`G6 never goes backwards, whatever the order, from several nodes at once (seed ${seed})`, async () => {
      const count = 8;
      const nodes = await Promise.all(Array.from({ length: 3 }, () => h.another()));
      const seq = fc.integer({ min: 0, max: count + 2 });
      const action = fc.oneof(
        fc.record({ type: fc.constant('delivered' as const), user: fc.nat(1), seq, at: fc.nat(50) }),
        fc.record({ type: fc.constant('seen' as const), user: fc.nat(1), seqs: fc.array(seq), at: fc.nat(50) }),
        fc.record({ type: fc.constant('groupSeen' as const), user: fc.nat(1), seq, at: fc.nat(50) }),
      );
      const calls = fc.array(fc.array(action, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 });
      const property = fc.asyncProperty(calls, fc.boolean(), async (script, concurrent) => {
        const [pair, group] = [await Room.personal(h), await Room.group(h)];
        const senders = Array.from({ length: count }, (_, i) => (i % 3) % 2);
        await commit(h.messages, [...senders.map((sender) => pair.row({ sender })), ...group.rows(count)]);
        const model = senders.map(() => 0);
        const cursors = [0, 0];
        const groupCursors = [
          { d: 0, s: 0 },
          { d: 0, s: 0 },
        ];
        const jobs: (() => Promise<void>)[] = [];
        for (const [index, actions] of script.entries()) {
          const call = { delivered: [], seen: [], groupSeen: [] } as {
            delivered: DeliveredReceipt[];
            seen: SeenReceipt[];
            groupSeen: GroupSeenReceipt[];
          };
          for (const act of actions) {
            const atUs = T + act.at;
            const own = groupCursors[act.user] as { d: number; s: number };
            if (act.type === 'seen') {
              call.seen.push(seen(pair, act.user, act.seqs, atUs));
              for (const s of act.seqs) if (s >= 1 && s <= count && senders[s - 1] !== act.user) model[s - 1] = 2;
            } else if (act.type === 'delivered') {
              call.delivered.push(delivered(pair, act.user, act.seq, atUs), delivered(group, act.user, act.seq, atUs));
              cursors[act.user] = Math.max(cursors[act.user] as number, Math.min(act.seq, count));
              own.d = Math.max(own.d, Math.min(act.seq, count));
              for (let s = 1; s <= Math.min(act.seq, count); s += 1)
                if (senders[s - 1] !== act.user) model[s - 1] = Math.max(1, model[s - 1] as number);
            } else {
              call.groupSeen.push(groupSeen(group, act.user, act.seq, atUs));
              own.s = Math.max(own.s, Math.min(act.seq, count));
              own.d = Math.max(own.d, own.s);
            }
          }
          jobs.push(() => (nodes[index % nodes.length] ?? h).receipts.apply(call));
        }
        let previous = await h.statuses(pair.conversationId);
        const look = async () => {
          const now = await h.statuses(pair.conversationId);
          for (const [i, row] of now.entries()) {
            const old = previous[i] as StatusRow;
            expect(RANK[row.status]).toBeGreaterThanOrEqual(RANK[old.status]);
            if (old.deliveredAtUs !== null) expect(row.deliveredAtUs).toBe(old.deliveredAtUs);
            if (old.seenAtUs !== null) expect(row.seenAtUs).toBe(old.seenAtUs);
          }
          previous = now;
        };
        if (concurrent) await Promise.all(jobs.map((job) => job()));
        else for (const job of jobs) await job().then(look);
        await look();
        expect(previous.map((row) => RANK[row.status])).toEqual(model);
        for (const user of [0, 1]) {
          expect((await h.cursors(pair.user(user), pair.conversationId)).deliveredSeq).toBe(cursors[user]);
          const { d, s } = groupCursors[user] as { d: number; s: number };
          expect(await h.cursors(group.user(user), group.conversationId)).toMatchObject({
            deliveredSeq: d,
            seenSeq: s,
          });
        }
      });
      await fc.assert(property, { seed, numRuns: 40, endOnFailure: true });
    }, 120_000);
  });
}
