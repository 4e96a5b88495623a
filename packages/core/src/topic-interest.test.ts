import { expect, it } from 'vitest';
import type { Directory } from './ports/directory.ts';
import { FakeClock } from './testing/fake-clock.ts';
import { silentLog } from './testing/test-doubles.ts';
import { TopicInterest } from './topic-interest.ts';

it('G4: a topic that is wanted between the order to rejoin and the rejoining is joined', async () => {
  const clock = new FakeClock();
  const joined = new Set<string>();
  let up = true;
  let fail = (): void => undefined;
  const directory: Pick<Directory, 'join' | 'leave'> = {
    join: async (topics) => {
      if (!up) await new Promise<void>((_, reject) => (fail = () => reject(new Error('no answer'))));
      for (const topic of topics) joined.add(topic);
    },
    leave: async () => undefined,
  };
  const interest = new TopicInterest({
    directory: directory as Directory,
    clock,
    log: silentLog,
    leaveGraceMs: 5_000,
    onLateJoin: () => undefined,
  });
  up = false;
  // One join is under way and will fail, the next one waits for it.
  void interest.want(['u:1']);
  await clock.settle();
  void interest.want(['u:2']);
  const rejoined = interest.rejoin();
  void interest.want(['u:3']);
  fail();
  await clock.settle();
  fail();
  up = true;
  await rejoined;
  await clock.advanceAsync(2_000);
  expect([...joined].sort()).toEqual(['u:1', 'u:2', 'u:3']);
});
