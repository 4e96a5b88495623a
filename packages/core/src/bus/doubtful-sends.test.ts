import { expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { silentLog } from '../testing/test-doubles.ts';
import { DoubtfulSends } from './doubtful-sends.ts';
import type { Publication } from './publication.ts';
import type { Publisher } from './publisher.ts';

it('G4: a conversation that comes in doubt again while its head is read is announced again', async () => {
  const clock = new FakeClock();
  const announced: number[] = [];
  const publisher = {
    publish: (publications: readonly Publication[]) => {
      for (const publication of publications) if (publication.type === 'head') announced.push(publication.seq);
    },
  } as unknown as Publisher;
  const answers: ((heads: Map<number, number>) => void)[] = [];
  const messages = { heads: () => new Promise<Map<number, number>>((resolve) => answers.push(resolve)) };
  const doubtful = new DoubtfulSends({ messages, publisher, clock, log: silentLog });
  const feed = { conversationId: 5, kind: 'group', members: [0, 0] } as const;
  doubtful.note(feed);
  await clock.advanceAsync(1_000);
  doubtful.note(feed);
  answers.shift()?.(new Map([[5, 1]]));
  await clock.advanceAsync(1_000);
  answers.shift()?.(new Map([[5, 2]]));
  await clock.settle();
  expect(announced).toEqual([1, 2]);
  expect(doubtful.pending).toBe(false);
});
