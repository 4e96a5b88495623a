import { describe, expect, it } from 'vitest';
import { LonePresence } from '../testing/lone-presence.ts';
import { TestWatcher } from '../testing/presence-bench.ts';

const ALICE = 1;
const BOB = 2;

describe('the bounds of presence', () => {
  it('G8: a session watches at most so many users, a node too; a watch beyond changes nothing', async () => {
    const lone = new LonePresence({ maxWatchesPerSession: 3, maxWatches: 5 });
    const [alice, bob] = [new TestWatcher(ALICE), new TestWatcher(BOB)];
    expect((await lone.watch(alice, [10, 11])).kind).toBe('known');
    expect((await lone.watch(alice, [11, 12, 13])).kind).toBe('too_many');
    // Those that are watched already count once.
    expect((await lone.watch(alice, [10, 11, 12])).kind).toBe('known');
    expect((await lone.watch(bob, [10, 11, 12])).kind).toBe('full');
    expect((await lone.watch(bob, [10, 11])).kind).toBe('known');
    expect(lone.presence.watches).toBe(5);
    lone.presence.unwatch(alice, [12]);
    expect((await lone.watch(bob, [12])).kind).toBe('known');
    lone.presence.drop(alice);
    expect(lone.presence.watches).toBe(3);
  });

  it('G8: two watch frames of one session at the same time do not pass the bound together', async () => {
    const lone = new LonePresence({ maxWatchesPerSession: 3 });
    lone.onCall = () => new Promise((resolve) => lone.clock.defer(resolve));
    const watcher = new TestWatcher(ALICE);
    const first = lone.presence.watch(watcher, [10, 11]);
    const second = lone.presence.watch(watcher, [12, 13]);
    await lone.clock.settle();
    expect([(await first).kind, (await second).kind]).toEqual(['known', 'too_many']);
    expect(lone.presence.watches).toBe(2);
  });

  it('G8: no timer runs while nobody watches, and a session that ended during its watch is not entered', async () => {
    const lone = new LonePresence();
    const watcher = new TestWatcher(ALICE);
    await lone.watch(watcher, [10, 11]);
    await lone.clock.advanceAsync(3_000);
    expect(lone.clock.pendingTimers).toBeGreaterThan(0);
    lone.presence.unwatch(watcher, [10, 11]);
    expect(lone.clock.pendingTimers).toBe(0);
    lone.onCall = () => {
      watcher.closed = true;
      lone.presence.drop(watcher);
    };
    await lone.watch(watcher, [10]);
    expect([lone.presence.watches, lone.clock.pendingTimers]).toEqual([0, 0]);
    const last = new TestWatcher(BOB);
    await lone.watch(last, [10]);
    lone.presence.stop();
    expect(lone.clock.pendingTimers).toBe(0);
  });

  it('one look at a time: a slow directory is not asked again before it has answered', async () => {
    const lone = new LonePresence();
    await lone.watch(new TestWatcher(ALICE), [10]);
    lone.onCall = () => new Promise((resolve) => lone.clock.after(4_500, () => resolve()));
    await lone.clock.advanceAsync(30_000);
    // A watch, and a look per 5.5 s.
    expect(lone.mostInFlight).toBe(1);
    expect(lone.calls.length).toBeGreaterThanOrEqual(5);
    expect(lone.calls.length).toBeLessThanOrEqual(7);
  });
});
