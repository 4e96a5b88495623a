import { expect, it } from 'vitest';
import { LoneNode } from './testing/lone-node.ts';

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

it('G4: a loss that is noticed at any moment around the end of a head check is checked', async () => {
  for (let turns = 0; turns < 16; turns++) expect(await readsAfter(turns), `after ${turns} microtasks`).toBe(1);
});
