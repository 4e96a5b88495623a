import type { TimeUs } from '@parley/core';
import {
  batch,
  commit,
  delivered,
  Random,
  Room,
  type StoreHarness,
  seen,
  seenUpto,
  testSeed,
} from '@parley/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MarkPlace, SqlStores, ThinnedMarks } from '../src/index.ts';

const DAY_US = 86_400_000_000;
/** The start of a UTC day. */
const START_US = Date.UTC(2026, 0, 5) * 1_000;
const DAYS = 6;
/** From this day on times stay exact. */
const EXACT_FROM = 4;
const EXACT_FROM_US = START_US + EXACT_FROM * DAY_US;
const ROOMS = 3;
const MESSAGES = 60;

const dayOf = (atUs: TimeUs): number => Math.floor((atUs - START_US) / DAY_US);

/** What `parley receipts thin` relies on, on every dialect. */
export function markThinningCases(dialect: string, open: () => Promise<StoreHarness & SqlStores>): void {
  const seed = testSeed();
  const random = new Random(seed);
  describe(`G6 the thinning of marks on ${dialect}, seed ${seed}`, () => {
    let stores: StoreHarness & SqlStores;
    const rooms: Room[] = [];

    /** The whole table, in parts of `limit`. */
    async function thin(beforeUs: TimeUs, { limit = 2_000, dryRun = false } = {}): Promise<Omit<ThinnedMarks, 'next'>> {
      const sum = { read: 0, removed: 0 };
      let from: MarkPlace | null = null;
      do {
        const part: ThinnedMarks = await stores.thinMarks({ beforeUs, from, limit, dryRun });
        sum.read += part.read;
        sum.removed += part.removed;
        from = part.next;
      } while (from !== null);
      return sum;
    }

    const statuses = async () => (await Promise.all(rooms.map((room) => stores.statuses(room.conversationId)))).flat();

    /** Both members go forward in steps of their own, some on the same microsecond, some across midnight. */
    async function move(room: Room): Promise<void> {
      let atUs = START_US;
      const place = [0, 1].map(() => ({ delivered: 0, seen: 0 }));
      while (atUs < START_US + DAYS * DAY_US) {
        const user = random.below(2);
        const at = place[user]!;
        const receipts = batch({});
        if (random.chance(0.7)) {
          at.delivered = Math.min(MESSAGES, at.delivered + random.below(4));
          Object.assign(receipts, { delivered: [delivered(room, user, at.delivered, atUs)] });
        }
        if (random.chance(0.5)) {
          at.seen = Math.min(MESSAGES, at.seen + random.below(4));
          Object.assign(receipts, { seenUpto: [seenUpto(room, user, at.seen, atUs)] });
        }
        if (random.chance(0.1))
          Object.assign(receipts, { seen: [seen(room, user, [1 + random.below(MESSAGES)], atUs)] });
        await stores.receipts.apply(receipts);
        atUs += random.below(6) === 0 ? 0 : 1 + random.below((2 * DAYS * DAY_US) / 150);
      }
    }

    beforeAll(async () => {
      stores = await open();
      for (let n = 0; n < ROOMS; n++) {
        const room = await Room.personal(stores);
        const rows = Array.from({ length: MESSAGES }, () => room.row({ sender: random.below(2), sentAtUs: START_US }));
        await commit(stores.messages, rows);
        await move(room);
        rooms.push(room);
      }
    }, 60_000);
    afterAll(() => stores.close());

    it('counts first, keeps every status, and each time on its day: exact from the bound on', async () => {
      const before = await statuses();
      const whole = await thin(EXACT_FROM_US, { dryRun: true });
      expect(whole.removed).toBeGreaterThan(0);
      expect(await statuses()).toEqual(before);
      // However the table is cut into parts, and not only to the day.
      for (const limit of [2, 3, 7]) expect(await thin(EXACT_FROM_US + 5, { limit, dryRun: true })).toEqual(whole);

      expect(await thin(EXACT_FROM_US + DAY_US - 1, { limit: 7 })).toEqual(whole);
      const after = await statuses();
      let coarser = 0;
      for (const [index, was] of before.entries()) {
        const is = after[index]!;
        expect({ seq: is.seq, status: is.status }).toEqual({ seq: was.seq, status: was.status });
        for (const time of ['deliveredAtUs', 'seenAtUs'] as const) {
          const [wasUs, isUs] = [was[time], is[time]];
          if (wasUs === null || isUs === null || wasUs >= EXACT_FROM_US) {
            expect(isUs).toBe(wasUs);
            continue;
          }
          expect(dayOf(isUs)).toBe(dayOf(wasUs));
          expect(isUs).toBeGreaterThanOrEqual(wasUs);
          if (isUs > wasUs) coarser += 1;
        }
      }
      expect(coarser).toBeGreaterThan(0);
    });

    it('leaves at most two marks of a member and day, and takes nothing the second time', async () => {
      await thin(EXACT_FROM_US);
      expect(await thin(EXACT_FROM_US)).toMatchObject({ removed: 0 });
      const all = await thin(START_US + DAYS * 2 * DAY_US);
      expect(all.removed).toBeGreaterThan(0);
      const left = await thin(START_US + DAYS * 2 * DAY_US);
      expect(left.removed).toBe(0);
      expect(left.read).toBeLessThanOrEqual(ROOMS * 2 * 2 * (DAYS + 1));
    });

    it('goes on beside nodes that write', async () => {
      const room = await Room.personal(stores);
      const now = START_US + 100 * DAY_US;
      await commit(stores.messages, room.rows(200));
      let writing = true;
      const writer = (async () => {
        for (let seq = 1; seq <= 200; seq++) {
          await stores.receipts.apply(batch({ delivered: [delivered(room, 1, seq, now + seq)] }));
        }
      })().finally(() => {
        writing = false;
      });
      while (writing) await thin(now + 2 * DAY_US, { limit: 50 });
      await writer;
      await thin(now + 2 * DAY_US);
      // One mark is left of the day, and everything has its time.
      expect(await stores.statuses(room.conversationId)).toEqual(
        Array.from({ length: 200 }, (_, index) => ({
          ...{ seq: index + 1, status: 'delivered' },
          ...{ deliveredAtUs: now + 200, seenAtUs: null },
        })),
      );
    });

    it('refuses parts that are too small or too large (G8)', async () => {
      const part = { beforeUs: START_US, from: null, dryRun: true };
      await expect(stores.thinMarks({ ...part, limit: 1 })).rejects.toThrow('at least 2');
      await expect(stores.thinMarks({ ...part, limit: 2_001 })).rejects.toThrow('at most 2000');
    });
  });
}
