import { describe, expect, it } from 'vitest';
import { LonePresence } from '../testing/lone-presence.ts';
import { idsFrom, TestWatcher } from '../testing/presence-bench.ts';

const ALICE = 1;
const BOB = 2;

describe('acquaintances of watchers', () => {
  it('G7: a watch ends with the acquaintance, within two minutes; a failing store ends none', async () => {
    const lone = new LonePresence();
    const [alice, bob] = [new TestWatcher(ALICE), new TestWatcher(BOB)];
    const users = idsFrom(10, 250);
    lone.come(users);
    await lone.watch(alice, users);
    await lone.watch(bob, [10]);
    lone.reader.failing = true;
    await lone.clock.advanceAsync(200_000);
    expect([alice.frames, bob.frames, lone.presence.watches]).toEqual([[], [], 251]);
    lone.reader.failing = false;
    for (const userId of [11, 200]) lone.reader.strangers.add(`${ALICE}>${userId}`);
    await lone.clock.advanceAsync(120_000);
    expect(alice.frames).toEqual([
      [{ user_id: 11, online: false, last_seen: null }],
      [{ user_id: 200, online: false, last_seen: null }],
    ]);
    lone.go([10, 11]);
    await lone.clock.advanceAsync(10_000);
    expect(alice.news.slice(2)).toEqual(['10 offline']);
    expect([bob.news, lone.presence.watches]).toEqual([['10 offline'], 249]);
  });

  it('G8: acquaintances of many sessions are read one by one, at most 50 a second', async () => {
    const lone = new LonePresence();
    for (const userId of idsFrom(1_000, 5_000)) void lone.presence.watch(new TestWatcher(userId), [10]);
    await lone.clock.settle();
    expect(lone.presence.watches).toBe(5_000);
    await lone.clock.advanceAsync(60_000);
    const before = lone.reader.acquaintedReads;
    await lone.clock.advanceAsync(60_000);
    expect(lone.reader.acquaintedReads - before).toBeGreaterThan(2_900);
    expect(lone.reader.acquaintedReads - before).toBeLessThanOrEqual(3_000);
  });
});
