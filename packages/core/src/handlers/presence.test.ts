import { afterEach, describe, expect, it } from 'vitest';
import { CurrentPeer } from '../testing/current-peer.ts';
import { testSeed } from '../testing/random.ts';
import { TestCluster, type TestNode } from '../testing/test-cluster.ts';

const ALICE = 1;
const BOB = 2;
const CAROL = 3;
const STRANGER = 4;

const online = (user_id: number) => ({ user_id, online: true, last_seen: null });
const seed = testSeed();

describe(`presence and watch (PARLEY_TEST_SEED=${seed})`, () => {
  let cluster = new TestCluster(seed);
  afterEach(() => cluster.stop());

  const open = async (nodes: number): Promise<[TestNode, TestNode, TestNode]> => {
    cluster = new TestCluster(seed);
    const opened: TestNode[] = [];
    for (let n = 0; n < nodes; n++) opened.push(await cluster.startNode());
    return opened as [TestNode, TestNode, TestNode];
  };
  /** Where a peer connects; what it asks is answered within so much time. */
  const at = (node: TestNode) => cluster.hostOf(node, 400);
  const signIn = (node: TestNode, userId: number) => CurrentPeer.signIn(at(node), userId, { cursors: {} });
  /** The news of a peer so far: `presence` frames that answer nothing. */
  const news = (peer: CurrentPeer) => peer.told('presence').flatMap((frame) => ('ref' in frame ? [] : [frame.users]));
  const group = async (owner: CurrentPeer, ...member: number[]): Promise<number> => {
    const ready = await owner.ask({ type: 'init_group', member: [owner.userId, ...member], group_name: 'g' });
    return Number(ready.conv_id);
  };

  it('answers about acquaintances and oneself, and names the strangers', async () => {
    const [a, b] = await open(2);
    const alice = await signIn(a, ALICE);
    const bob = await signIn(b, BOB);
    await group(alice, BOB, CAROL);
    await alice.ask({ type: 'init_group', member: [ALICE, STRANGER], group_name: 'other' });
    expect(await alice.ask({ type: 'presence', user_id: [CAROL, BOB, ALICE, BOB] })).toEqual({
      type: 'presence',
      users: [{ user_id: CAROL, online: false, last_seen: null }, online(BOB), online(ALICE)],
    });
    for (const type of ['presence', 'watch']) {
      const refused = await bob.ask({ type, user_id: [ALICE, STRANGER, 99, CAROL] });
      expect(refused).toMatchObject({ type: 'error', code: 3012, name: 'not_acquainted', temporary: false });
      expect(refused.message).toMatch(/\b4, 99\b/);
    }
    await cluster.advance(5_000);
    expect(news(bob)).toEqual([]);
  });

  it('G9: news of whom one watches, of old and new clients on any node, until unwatch', async () => {
    const [a, b, c] = await open(3);
    const alice = await signIn(a, ALICE);
    await group(alice, BOB, CAROL);
    expect(await alice.ask({ type: 'watch', user_id: [BOB, CAROL] })).toMatchObject({ type: 'presence' });
    const legacy = cluster.connect(b);
    legacy.say(String(BOB));
    const carol = await signIn(c, CAROL);
    await cluster.until(() => news(alice).length > 0, 'news', 1_500);
    await cluster.advance(1_500);
    expect(news(alice).flat()).toEqual(expect.arrayContaining([online(BOB), online(CAROL)]));
    expect(news(alice).flat()).toHaveLength(2);

    // A reconnect to another node within the grace is no event …
    legacy.hangUp();
    await cluster.advance(2_500);
    const again = cluster.connect(c);
    again.say(String(BOB));
    await cluster.advance(10_000);
    expect(news(alice).flat()).toHaveLength(2);
    // … and the end of a session is told with its time.
    const endedUs = cluster.clock.nowUs();
    again.hangUp();
    await cluster.until(() => news(alice).flat().length === 3, 'news of the end', 9_000);
    const [told] = news(alice).at(-1) as { user_id: number; online: boolean; last_seen: string }[];
    expect(told).toMatchObject({ user_id: BOB, online: false });
    const seenUs = Date.parse(`${told?.last_seen.slice(0, 23).replace(' ', 'T')}Z`) * 1_000;
    expect(seenUs).toBeGreaterThanOrEqual(endedUs - 1_000);
    expect(seenUs).toBeLessThanOrEqual(endedUs + 2_000_000);

    expect(await alice.ask({ type: 'unwatch', user_id: [CAROL, 99] })).toEqual({ type: 'ok' });
    carol.connection.hangUp();
    await cluster.advance(15_000);
    expect(news(alice).flat()).toHaveLength(3);
  });

  it('G9: a killed node is one frame for each watcher, within 15 s', async () => {
    const [a, b, c] = await open(3);
    const [alice, bob] = [await signIn(a, ALICE), await signIn(c, BOB)];
    const others = Array.from({ length: 60 }, (_, n) => 100 + n);
    await group(alice, BOB, ...others);
    for (const userId of others) cluster.connect(b).say(String(userId));
    await cluster.advance(1_000);
    for (const peer of [alice, bob]) {
      const { users } = await peer.ask({ type: 'watch', user_id: others });
      expect(users).toEqual(others.map(online));
    }
    cluster.kill(b);
    await cluster.until(() => news(alice).length > 0 && news(bob).length > 0, 'news of the death', 15_000);
    await cluster.advance(10_000);
    for (const peer of [alice, bob]) {
      expect(news(peer).map((users) => (users as { user_id: number }[]).map((user) => user.user_id))).toEqual([others]);
    }
  });

  it('G9, G10: the users of a node that is drained are offline for nobody while they connect elsewhere', async () => {
    const [a, b, c] = await open(3);
    const alice = await signIn(a, ALICE);
    const others = Array.from({ length: 20 }, (_, n) => 100 + n);
    await group(alice, ...others);
    const moved = new Set<number>();
    const moves = others.map((userId) => {
      const connection = cluster.connect(b);
      connection.say(String(userId));
      return { userId, connection, afterMs: cluster.random.below(2_500) };
    });
    await cluster.advance(1_000);
    await alice.ask({ type: 'watch', user_id: others });
    const leaving = b.node.drain().then(() => b.node.stop());
    b.alive = false;
    for (let waited = 0; waited < 30_000; waited += 100) {
      await cluster.advance(100);
      for (const { userId, connection, afterMs } of moves) {
        if (connection.closed === null || moved.has(userId)) continue;
        moved.add(userId);
        cluster.clock.after(afterMs, () => cluster.connect(c).say(String(userId)));
      }
    }
    await cluster.advanceUntil(leaving);
    expect(moved.size).toBe(others.length);
    expect(news(alice)).toEqual([]);
  });

  it('G7: a watch ends within two minutes of the last conversation that was shared, or of a block', async () => {
    const [a] = await open(1);
    const [alice, bob, carol] = [await signIn(a, ALICE), await signIn(a, BOB), await signIn(a, CAROL)];
    const conv_id = await group(alice, BOB, CAROL);
    await bob.ask({ type: 'watch', user_id: [ALICE, CAROL] });
    await alice.ask({ type: 'block', user_id: BOB });
    expect(await bob.ask({ type: 'presence', user_id: [ALICE] })).toMatchObject({ name: 'not_acquainted' });
    await alice.ask({ type: 'group_remove', conv_id, user_id: CAROL });
    await cluster.advance(120_000);
    expect(news(bob).flat()).toHaveLength(2);
    for (const user of news(bob).flat()) expect(user).toMatchObject({ online: false, last_seen: null });
    for (const peer of [alice, carol]) peer.connection.hangUp();
    await cluster.advance(15_000);
    expect(news(bob).flat()).toHaveLength(2);
  });

  it('G8: a session that ends takes its watches along, and one that watches too many is told so', async () => {
    const [a] = await open(1);
    const alice = await signIn(a, ALICE);
    const others = Array.from({ length: 900 }, (_, n) => 100 + n);
    await group(alice, ...others);
    await group(alice, ...others.map((userId) => userId + 900));
    const all = Array.from({ length: 1_000 }, (_, n) => 100 + n);
    for (let n = 0; n < 1_000; n += 100) {
      expect(await alice.ask({ type: 'watch', user_id: all.slice(n, n + 100) })).toMatchObject({ type: 'presence' });
    }
    expect(await alice.ask({ type: 'watch', user_id: [1_100] })).toMatchObject({
      code: 3013,
      name: 'too_many_watches',
    });
    expect(await alice.ask({ type: 'presence', user_id: [1_100] })).toMatchObject({ type: 'presence' });
    const timers = cluster.clock.pendingTimers;
    alice.connection.hangUp();
    // The look, the check of acquaintances; the time last seen is pending now.
    expect(cluster.clock.pendingTimers).toBe(timers - 2 + 1);
  });

  it('G9: while Redis is away nobody is told anything, and a question is answered with when to ask again', async () => {
    const [a, b] = await open(2);
    const [alice, bob] = [await signIn(a, ALICE), await signIn(b, BOB)];
    await group(alice, BOB);
    await alice.ask({ type: 'watch', user_id: [BOB] });
    cluster.network.backendDown();
    await cluster.advance(20_000);
    const refused = await alice.ask({ type: 'presence', user_id: [BOB] });
    expect(refused).toMatchObject({ type: 'error', name: 'store_unavailable', temporary: true });
    expect(refused.retry_after_ms).toBeGreaterThan(0);
    cluster.network.backendComesUp({ empty: true });
    await cluster.advance(20_000);
    expect(news(alice)).toEqual([]);
    bob.connection.hangUp();
    await cluster.until(() => news(alice).length > 0, 'news', 9_000);
  });
});
