import { afterEach, describe, expect, it } from 'vitest';
import { idsFrom, PresenceBench, type PresenceNode, type TestWatcher } from '../testing/presence-bench.ts';
import { testSeed } from '../testing/random.ts';

const ALICE = 1;
const BOB = 2;
const CAROL = 3;

const seed = testSeed();

describe(`presence (PARLEY_TEST_SEED=${seed})`, () => {
  let bench = new PresenceBench(seed);
  afterEach(() => bench.stop());

  const open = async (nodes: number, options: ConstructorParameters<typeof PresenceBench>[1] = {}) => {
    bench = new PresenceBench(seed, options);
    const opened: PresenceNode[] = [];
    for (let n = 0; n < nodes; n++) opened.push(await bench.startNode());
    return opened as [PresenceNode, PresenceNode, PresenceNode];
  };
  const pass = (ms: number): Promise<void> => bench.clock.advanceAsync(ms);
  /** Moves time on until the watcher has this many frames. @returns how long it took, in ms */
  const frames = async (watcher: TestWatcher, count: number, patienceMs = 60_000): Promise<number> => {
    const from = bench.clock.nowMs();
    while (watcher.frames.length < count) {
      if (bench.clock.nowMs() - from > patienceMs) throw new Error(`frames: ${JSON.stringify(watcher.frames)}`);
      await pass(50);
    }
    return bench.clock.nowMs() - from;
  };
  const lookNow = async (node: PresenceNode, userId: number): Promise<unknown> => {
    const asker = { userId: 99, closed: false, notify: () => undefined };
    const answer = await bench.until(node.presence.query(asker, [userId]));
    return answer.kind === 'known' ? answer.users[0]?.online : answer.kind;
  };

  it('tells within about a second that somebody has come, on whatever node', async () => {
    const [a, b] = await open(2);
    const watcher = await bench.watcher(a, ALICE, [BOB, CAROL]);
    await bench.until(b.connect([BOB]));
    expect(await frames(watcher, 1)).toBeLessThan(1_200);
    expect(watcher.frames).toEqual([[{ user_id: BOB, online: true, last_seen: null }]]);
  });

  it('tells that somebody has gone after 3 s and within 9 s, with the end of the session as the time last seen', async () => {
    const [a, b] = await open(2);
    await bench.until(b.connect([BOB]));
    const watcher = await bench.watcher(a, ALICE, [BOB]);
    await pass(10_000);
    b.disconnect([BOB]);
    const ended = bench.reader.times.get(BOB)!;
    const tookMs = await frames(watcher, 1);
    expect(tookMs).toBeGreaterThan(3_000);
    expect(tookMs).toBeLessThan(9_000);
    expect(watcher.news).toEqual([`${BOB} offline`]);
    expect(timeOf(watcher.frames[0]?.[0]?.last_seen)).toBe(ended);
  });

  it('G9: a reconnect within 3 s, on the same node or another, is no event', async () => {
    const [a, b, c] = await open(3);
    await bench.until(b.connect([BOB, CAROL]));
    const watcher = await bench.watcher(a, ALICE, [BOB, CAROL]);
    for (let round = 0; round < 20; round++) {
      const [from, to] = round % 2 === 0 ? [b, c] : [c, b];
      from.disconnect([BOB]);
      b.disconnect([CAROL]);
      await pass(bench.random.below(2_990));
      await bench.until(Promise.all([to.connect([BOB]), b.connect([CAROL])]));
      expect([await lookNow(a, BOB), await lookNow(a, CAROL)]).toEqual([true, true]);
      await pass(bench.random.below(8_000));
    }
    expect(watcher.frames).toEqual([]);
  });

  it('G9: nobody is offline while they move away from a node that leaves, nor when it leaves without waiting for them', async () => {
    const [a, b, c] = await open(3);
    const moving = idsFrom(100, 50);
    await bench.until(b.connect(moving));
    const watcher = await bench.watcher(a, ALICE, moving);
    b.disconnect(moving);
    const left = b.leave();
    await pass(2_900);
    await bench.until(c.connect(moving));
    await bench.until(left);
    await pass(10_000);
    const d = await bench.startNode();
    const ended = c.end();
    await pass(1_500);
    await bench.until(d.connect(moving));
    await bench.until(ended);
    await pass(10_000);
    expect(watcher.frames).toEqual([]);
  });

  it('G9: a killed node with 1,000 users is one frame for each watcher within 15 s, wherever in a look its lease ends', async () => {
    for (let round = 0; round < 6; round++) {
      // Looks of several pages that take up to 400 ms, so that leases end within them.
      const [a, b, c] = await open(3, { maxDelayMs: 200 });
      const users = idsFrom(1_000, 1_000);
      await bench.until(Promise.all([b.connect(users), c.connect(idsFrom(5_000, 1_500))]));
      const others: TestWatcher[] = [];
      for (const at of [0, 500, 1_000]) others.push(await bench.watcher(a, 10 + at, idsFrom(5_000 + at, 500)));
      const all = await bench.watcher(a, ALICE, users);
      const some = await bench.watcher(c, BOB, [...users.slice(0, 10), ...users.slice(-10), 5_000]);
      await pass(3_000 + bench.random.below(2_000));
      for (const userId of users) bench.reader.times.set(userId, 0);
      const killedUs = bench.clock.nowUs();
      b.kill();
      expect(await frames(all, 1)).toBeLessThan(15_000);
      await frames(some, 1);
      await pass(10_000);
      expect([all.frames.map((told) => told.length), some.frames.map((told) => told.length)]).toEqual([[1_000], [20]]);
      expect(new Set(all.news).size).toBe(1_000);
      expect(all.news.every((told) => told.endsWith('offline'))).toBe(true);
      expect(others.flatMap((other) => other.frames)).toEqual([]);
      // Nobody wrote when they were last seen: at the latest when this node last found them, and not long before the death.
      for (const { last_seen } of all.frames[0] ?? []) {
        expect(Math.abs(timeOf(last_seen) - killedUs)).toBeLessThan(8_000_000);
      }
      await bench.stop();
    }
  });

  it('G9: while the directory does not answer nothing is told, and what changed meanwhile is told afterwards', async () => {
    const [a, b] = await open(2);
    await bench.until(b.connect([BOB]));
    const watcher = await bench.watcher(a, ALICE, [BOB, CAROL]);
    bench.network.backendDown();
    await pass(30_000);
    expect(watcher.frames).toEqual([]);
    expect(await lookNow(a, CAROL)).toBe('unknown');
    b.disconnect([BOB]);
    await pass(5_000);
    bench.network.backendComesUp({ empty: false });
    await bench.until(b.connect([CAROL]));
    await frames(watcher, 2, 30_000);
    expect(watcher.news).toEqual([`${CAROL} online`, `${BOB} offline`]);
  });

  it('G9: nobody is offline because Redis came back empty, also when another node joins again 6 s later', async () => {
    const [a, b, c] = await open(3);
    await bench.until(Promise.all([b.connect([BOB]), c.connect([CAROL])]));
    const watcher = await bench.watcher(a, ALICE, [BOB, CAROL]);
    await pass(2_000);
    bench.network.backendDown();
    c.network.partition();
    await pass(20_000);
    bench.network.backendComesUp({ empty: true });
    await pass(6_000);
    // For one that nobody watched, nobody can say: better no answer than a false one.
    expect([await lookNow(a, BOB), await lookNow(a, CAROL), await lookNow(a, 50)]).toEqual([true, true, 'unknown']);
    c.network.heal();
    await pass(30_000);
    expect(watcher.frames).toEqual([]);
    expect(await lookNow(a, 50)).toBe(false);
  });

  it('an absence that a failed look interrupts is confirmed anew', async () => {
    const [a, b] = await open(2);
    await bench.until(b.connect([BOB]));
    const watcher = await bench.watcher(a, ALICE, [BOB]);
    const { directory } = a.network;
    const real = directory.present.bind(directory);
    let failing = false;
    directory.present = (topics) => (failing ? Promise.reject(new Error('no answer')) : real(topics));
    void b.end();
    // Missed by two looks, then nothing is known.
    await pass(2_100);
    failing = true;
    await pass(10_000);
    expect(watcher.frames).toEqual([]);
    failing = false;
    const tookMs = await frames(watcher, 1);
    expect(tookMs).toBeGreaterThan(2_000);
    expect(watcher.news).toEqual([`${BOB} offline`]);
  });

  it('tells each watcher of its own users, and nothing after unwatch or the end of the session', async () => {
    const [a, b] = await open(2);
    const alice = await bench.watcher(a, ALICE, [10, 11, 12]);
    const bob = await bench.watcher(a, BOB, [11, 12, 13]);
    const gone = await bench.watcher(a, CAROL, [10, 11, 12, 13]);
    gone.closed = true;
    a.presence.drop(gone);
    a.presence.unwatch(alice, [12, 77]);
    await bench.until(b.connect([10, 11, 12, 13]));
    await frames(alice, 1);
    await frames(bob, 1);
    expect(alice.news).toEqual(['10 online', '11 online']);
    expect(bob.news).toEqual(['11 online', '12 online', '13 online']);
    expect(gone.frames).toEqual([]);
    expect(a.presence.watches).toBe(5);
  });
});

/** Microseconds of a timestamp of the wire. */
function timeOf(timestamp: string | null | undefined): number {
  const text = timestamp ?? '';
  return Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`) * 1_000 + Number(text.slice(20));
}
