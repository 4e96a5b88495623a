import { encodeFrame, SERVER_FRAMES } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { handlePresence } from '../handlers/presence.ts';
import { Limiter } from '../limiter.ts';
import { LocalUser } from '../session/local-user.ts';
import { LonePresence } from '../testing/lone-presence.ts';
import { idsFrom, TestWatcher } from '../testing/presence-bench.ts';

const ALICE = 1;

describe('news of presence', () => {
  it('tells a death that falls between two pages of one look in one frame, and who comes meanwhile at once', async () => {
    const lone = new LonePresence({ maxWatchesPerSession: 2_000 });
    const dying = idsFrom(10, 1_500);
    lone.come(dying);
    const watcher = new TestWatcher(ALICE);
    await lone.watch(watcher, [...dying, 5_000]);
    lone.calls.length = 0;
    await lone.clock.advanceAsync(500);
    // The first look's second page finds them gone.
    lone.onCall = (call) => {
      if (call === 2) lone.go(dying);
      // The look that confirms the second page's users.
      if (call === 5) lone.come([5_000]);
    };
    await lone.clock.advanceAsync(10_000);
    expect(lone.calls.slice(0, 4)).toEqual([1_000, 501, 1_000, 501]);
    expect(watcher.frames.map((users) => users.length)).toEqual([1, 1_500]);
    expect(watcher.news[0]).toBe('5000 online');
  });

  it('holds news back once only', async () => {
    const lone = new LonePresence();
    const users = idsFrom(10, 6);
    lone.come(users);
    const watcher = new TestWatcher(ALICE);
    await lone.watch(watcher, users);
    // One more goes before each look.
    for (const userId of users) {
      lone.go([userId]);
      await lone.clock.advanceAsync(1_000);
    }
    await lone.clock.advanceAsync(5_000);
    expect(watcher.frames.map((told) => told.map((user) => user.user_id))).toEqual([
      [10, 11],
      [12, 13],
      [14, 15],
    ]);
  });

  it('what a session hears last is true, however closely an answer and news follow each other', async () => {
    const orders = new Set<string>();
    for (let microtasks = 0; microtasks < 12; microtasks++) {
      const lone = new LonePresence();
      const told: string[] = [];
      const notify = (frame: string): void => void told.push(frame.includes('true') ? 'news: online' : 'news: offline');
      const watcher = { userId: ALICE, closed: false, notify };
      void lone.presence.watch(watcher, [10]);
      await lone.clock.settle();
      const gates: (() => void)[] = [];
      lone.onCall = () => new Promise((resolve) => gates.push(resolve));
      const caller = { user: new LocalUser({ id: ALICE, name: 'Alice' }), watcher };
      const services = { presence: lone.presence, reader: lone.reader, readLimiter: new Limiter(1) };
      void handlePresence({ user_id: [10] }, caller, services).then((reply) => {
        told.push(JSON.stringify(reply).includes('true') ? 'answer: online' : 'answer: offline');
      });
      await lone.clock.advanceAsync(1_500);
      expect(gates).toHaveLength(2);
      // What the directory says to the session and to the look arrives in one turn of the event loop, and the latter is newer.
      gates[0]?.();
      for (let n = 0; n < microtasks; n++) await Promise.resolve();
      lone.come([10]);
      gates[1]?.();
      lone.onCall = () => undefined;
      await lone.clock.advanceAsync(3_000);
      expect(told.at(-1)).toMatch(/online$/);
      orders.add(told.join(', '));
    }
    expect([...orders]).toEqual(['answer: online', 'answer: offline, news: online']);
  });

  it('news that an answer has made old meanwhile are not told', async () => {
    const lone = new LonePresence();
    const watcher = new TestWatcher(ALICE);
    lone.come([10]);
    await lone.watch(watcher, [10, 11]);
    lone.go([10]);
    // Confirmed by this time; the store takes its time to say when the user was seen last.
    await lone.clock.advanceAsync(2_900);
    let release = (): void => undefined;
    const real = lone.reader.lastSeen.bind(lone.reader);
    lone.reader.lastSeen = async (ids) => {
      await new Promise<void>((resolve) => (release = resolve));
      return real(ids);
    };
    await lone.clock.advanceAsync(1_000);
    expect(watcher.frames).toEqual([]);
    lone.come([10]);
    const asked = lone.presence.query(watcher, [10]);
    await lone.clock.settle();
    expect(await asked).toMatchObject({ kind: 'known', users: [{ userId: 10, online: true }] });
    release();
    await lone.clock.advanceAsync(10_000);
    expect(watcher.frames).toEqual([]);
  });

  it('last-seen times that cannot be read do not keep the news back', async () => {
    const lone = new LonePresence();
    const watcher = new TestWatcher(ALICE);
    lone.come([10]);
    await lone.watch(watcher, [10]);
    await lone.clock.advanceAsync(60_500);
    lone.go([10]);
    lone.reader.failing = true;
    await lone.clock.advanceAsync(5_000);
    // Found a moment before, so seen at most 8 s before that.
    expect(watcher.frames).toEqual([[{ user_id: 10, online: false, last_seen: '2020-08-25 11:54:22.000000' }]]);
  });

  it('a node that dies is told to very many watchers in several turns of the event loop, once to each', async () => {
    const lone = new LonePresence();
    const users = idsFrom(10, 100);
    lone.come(users);
    const watchers = idsFrom(1_000, 350).map((userId) => new TestWatcher(userId));
    for (const watcher of watchers) void lone.presence.watch(watcher, users);
    await lone.clock.settle();
    let toldInTurn = 0;
    const turns: number[] = [];
    for (const watcher of watchers) watcher.onFrame = () => toldInTurn++;
    const defer = lone.clock.defer.bind(lone.clock);
    lone.clock.defer = (fn) => {
      turns.push(toldInTurn);
      toldInTurn = 0;
      defer(fn);
    };
    lone.go(users);
    await lone.clock.advanceAsync(10_000);
    expect([...turns, toldInTurn]).toEqual([100, 100, 100, 50]);
    for (const watcher of watchers) expect(watcher.frames.map((told) => told.length)).toEqual([100]);
    expect(lone.reader.lastSeenReads).toBe(1);
  });

  it('frames are what the protocol says', async () => {
    const lone = new LonePresence();
    const frames: string[] = [];
    const watcher = { userId: ALICE, closed: false, notify: (frame: string) => frames.push(frame) };
    lone.come([10]);
    lone.reader.times.set(11, lone.clock.nowUs());
    const asked = lone.presence.watch(watcher, [10, 11]);
    await lone.clock.settle();
    expect(await asked).toEqual({
      kind: 'known',
      users: [
        { userId: 10, online: true, lastSeenUs: null },
        { userId: 11, online: false, lastSeenUs: lone.clock.nowUs() },
      ],
    });
    lone.go([10]);
    lone.come([11]);
    await lone.clock.advanceAsync(5_000);
    expect(frames).toHaveLength(2);
    for (const frame of frames) expect(encodeFrame(SERVER_FRAMES.presence.parse(JSON.parse(frame)))).toBe(frame);
  });
});
