import { expect, it } from 'vitest';
import { LoneNode } from '../testing/lone-node.ts';

/** @returns reads that a loss brought which was noticed so many microtasks after the answer to a head check's last read */
async function readsAfter(turns: number): Promise<number> {
  let reads = 0;
  let answer: (() => void) | null = null;
  let hold = false;
  const lone = new LoneNode({
    faults: ({ conversations }) => ({
      conversations: {
        membershipsOf: async (users) => {
          reads++;
          const rows = await conversations.membershipsOf(users);
          if (hold) await new Promise<void>((resolve) => (answer = resolve));
          return rows;
        },
      },
    }),
  });
  await lone.node.start();
  await lone.signIn(1);
  const [bus] = lone.network.members.values();
  hold = true;
  bus?.onLoss('the first');
  await lone.clock.settle();
  const before = reads;
  hold = false;
  (answer as (() => void) | null)?.();
  for (let turn = 0; turn < turns; turn++) await null;
  bus?.onLoss('the second');
  await lone.clock.settle();
  await lone.node.stop();
  return reads - before;
}

/** @returns conversations that the audit finds the store behind in, when its reads, from first to last, have so much less of the heads */
async function foundBehind(less: readonly number[]): Promise<number> {
  let lost: readonly number[] = [];
  const lone = new LoneNode({
    faults: ({ conversations }) => ({
      conversations: {
        membershipsOf: async (users) => {
          const [now = 0, ...later] = lost;
          lost = later.length === 0 ? lost : later;
          return (await conversations.membershipsOf(users)).map((row) => ({ ...row, head: row.head - now }));
        },
      },
    }),
  });
  await lone.node.start();
  const conversation = await lone.openPersonal(1, 2);
  const [sender] = [await lone.signIn(1), await lone.signIn(2)];
  for (const msg of ['a', 'b', 'c']) sender.say({ type: 'personal', conv_id: conversation, msg });
  await lone.clock.settle();
  lost = less;
  await lone.clock.advanceAsync(61_000);
  await lone.node.stop();
  expect(lone.telemetry.audited).toBe(0);
  return lone.telemetry.behind;
}

it('G1: the audit notices a store that has less than was delivered, and takes no feed that goes on for one', async () => {
  expect(await foundBehind([0])).toBe(0);
  expect(await foundBehind([1])).toBe(1);
  expect(await foundBehind([3])).toBe(1);
  // Behind in the first read only: the feed has gone on since.
  expect(await foundBehind([1, 0])).toBe(0);
});

it('G4: a loss that is noticed at any moment around the end of a head check is checked', async () => {
  for (let turns = 0; turns < 16; turns++) expect(await readsAfter(turns), `after ${turns} microtasks`).toBe(1);
});
