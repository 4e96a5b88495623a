import { expect, it } from 'vitest';
import type { Directory } from '../ports/directory.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { silentLog } from '../testing/test-doubles.ts';
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

it('G9: a leave that failed is tried again, also when the user has been here again meanwhile; no entry stays as a ghost', async () => {
  const bench = new Bench();
  await bench.interest.want(['u:1', 'u:2', 'u:3']);
  for (const topic of ['u:1', 'u:2']) bench.interest.unwant(topic);
  bench.failing = true;
  await bench.sweepFor(6_000);
  expect([...bench.joined]).toEqual(['u:1', 'u:2', 'u:3']);
  void bench.interest.want(['u:2']);
  bench.failing = false;
  await bench.sweepFor(2_000);
  expect([...bench.joined]).toEqual(['u:2', 'u:3']);
  bench.interest.unwant('u:2');
  await bench.sweepFor(5_000);
  expect([[...bench.joined], bench.interest.size]).toEqual([['u:3'], 1]);
});

it('G9: whoever leaves at the same time is gone at the same time, in calls of at most 1,000', async () => {
  const bench = new Bench();
  const topics = Array.from({ length: 2_500 }, (_, n) => `u:${n + 1}`);
  await bench.interest.want(topics);
  for (const topic of topics) bench.interest.unwant(topic);
  await bench.sweepFor(2_900);
  expect(bench.joined.size).toBe(2_500);
  await bench.sweepFor(1_200);
  expect([bench.joined.size, bench.interest.size]).toEqual([0, 0]);
  expect(bench.leaves).toEqual([1_000, 1_000, 500]);
});

it('G9: a node that ends lingers until the grace of those who have left is over, and no longer', async () => {
  const bench = new Bench();
  await bench.interest.want(['u:1', 'u:2']);
  await bench.interest.linger();
  bench.interest.unwant('u:1');
  await bench.clock.advanceAsync(1_000);
  let over = false;
  const lingering = bench.interest.linger().then(() => (over = true));
  await bench.clock.advanceAsync(1_990);
  expect(over).toBe(false);
  await bench.clock.advanceAsync(10);
  expect(over).toBe(true);
  await lingering;
});

/** An interest on a directory in memory that fails when told to. */
class Bench {
  readonly clock = new FakeClock();
  readonly joined = new Set<string>();
  readonly leaves: number[] = [];
  failing = false;
  readonly interest = new TopicInterest({
    directory: {
      join: (topics: readonly string[]) => this.#change(() => topics.forEach((topic) => void this.joined.add(topic))),
      leave: (topics: readonly string[]) =>
        this.#change(() => {
          this.leaves.push(topics.length);
          for (const topic of topics) this.joined.delete(topic);
        }),
    } as Directory,
    clock: this.clock,
    log: silentLog,
    leaveGraceMs: 3_000,
    onLateJoin: () => undefined,
  });

  async sweepFor(ms: number): Promise<void> {
    const cancel = this.clock.every(100, () => this.interest.sweep());
    await this.clock.advanceAsync(ms);
    cancel();
  }

  #change(apply: () => void): Promise<void> {
    if (this.failing) return Promise.reject(new Error('no answer'));
    apply();
    return Promise.resolve();
  }
}
