import { afterEach, describe, expect, it } from 'vitest';
import { CurrentPeer } from '../testing/current-peer.ts';
import { testSeed } from '../testing/random.ts';
import { TestCluster, type TestNode } from '../testing/test-cluster.ts';

const ALICE = 1;
const BOB = 2;
const CAROL = 3;
const seed = testSeed();

describe(`typing (PARLEY_TEST_SEED=${seed})`, () => {
  let cluster = new TestCluster(seed);
  afterEach(() => cluster.stop());

  const open = async (): Promise<[TestNode, TestNode]> => {
    cluster = new TestCluster(seed);
    return [await cluster.startNode(), await cluster.startNode()];
  };
  const at = (node: TestNode) => cluster.hostOf(node, 300);
  const signIn = (node: TestNode, userId: number) => CurrentPeer.signIn(at(node), userId, { cursors: {} });
  const typed = (peer: CurrentPeer) => peer.told('typing');

  it('is told to the other members on all nodes, to no old client, and is never stored', async () => {
    const [a, b] = await open();
    const [alice, other, bob] = [await signIn(a, ALICE), await signIn(b, ALICE), await signIn(b, BOB)];
    const [near, outsider] = [await signIn(a, CAROL), await signIn(b, 9)];
    const legacy = cluster.connect(b);
    legacy.say(String(CAROL));
    const ready = await alice.ask({ type: 'init_group', member: [ALICE, BOB, CAROL], group_name: 'g' });
    const pair = await alice.ask({ type: 'init_personal', member: [ALICE, BOB] });
    const [group, personal] = [Number(ready.conv_id), Number(pair.conv_id)];
    expect(await alice.ask({ type: 'typing', conv_id: group })).toEqual({ type: 'ok' });
    // A notice without a ref is not answered.
    const before = alice.told().length;
    alice.connection.say({ type: 'typing', conv_id: personal, active: false });
    await cluster.advance(300);
    expect(alice.told().length).toBe(before);
    const inGroup = { type: 'typing', conv_id: group, user_id: ALICE, active: true };
    expect(typed(bob)).toEqual([inGroup, { ...inGroup, conv_id: personal, active: false }]);
    expect(typed(near)).toEqual([inGroup]);
    for (const peer of [alice, other, outsider]) expect(typed(peer)).toEqual([]);
    expect(legacy.frames).toEqual([`user id ${CAROL} received`]);
    const history = await bob.ask({ type: 'history', conv_id: group });
    expect(history).toMatchObject({ messages: [], more: false });
  });

  it('G8: ten in ten seconds, then rate_limited with when to go on; others are not concerned', async () => {
    const [a, b] = await open();
    const [alice, bob] = [await signIn(a, ALICE), await signIn(b, BOB)];
    const { conv_id } = await alice.ask({ type: 'init_personal', member: [ALICE, BOB] });
    await alice.ask({ type: 'personal', conv_id, msg: 'hi' });
    const startMs = cluster.clock.nowMs();
    for (let n = 0; n < 12; n++) alice.connection.say({ type: 'typing', conv_id });
    await cluster.advance(500);
    const refused = alice.told('error');
    expect(refused).toHaveLength(2);
    expect(refused[0]).toMatchObject({ code: 4005, name: 'rate_limited', temporary: true, retry_after_ms: 10_000 });
    expect(typed(bob)).toHaveLength(10);
    expect(await bob.ask({ type: 'typing', conv_id })).toEqual({ type: 'ok' });
    await cluster.advance(10_000 - (cluster.clock.nowMs() - startMs));
    expect(await alice.ask({ type: 'typing', conv_id })).toEqual({ type: 'ok' });
    expect(typed(bob)).toHaveLength(11);
  });

  it('G7: only of members, and not to one who has blocked the writer', async () => {
    const [a, b] = await open();
    const [alice, bob, outsider] = [await signIn(a, ALICE), await signIn(b, BOB), await signIn(b, 9)];
    const { conv_id } = await alice.ask({ type: 'init_personal', member: [ALICE, BOB] });
    await cluster.advance(500);
    expect(await outsider.ask({ type: 'typing', conv_id })).toMatchObject({ name: 'not_a_member' });
    expect(await outsider.ask({ type: 'typing', conv_id: 77 })).toMatchObject({ name: 'not_a_member' });
    await bob.ask({ type: 'block', user_id: ALICE });
    // Also by a session that was there before, and has not been refused anything yet.
    expect(await alice.ask({ type: 'typing', conv_id })).toMatchObject({ type: 'error', name: 'blocked' });
    const again = await signIn(a, ALICE);
    expect(await again.ask({ type: 'typing', conv_id })).toMatchObject({ type: 'error', name: 'blocked' });
    expect(typed(bob)).toEqual([]);
    await bob.ask({ type: 'unblock', user_id: ALICE });
    expect(await again.ask({ type: 'typing', conv_id })).toEqual({ type: 'ok' });
    expect(typed(bob)).toHaveLength(1);
  });

  it('a session that is still loading may write, in a conversation that it has never heard of too', async () => {
    const [a, b] = await open();
    const bob = await signIn(b, BOB);
    const { conv_id } = await bob.ask({ type: 'init_personal', member: [ALICE, BOB] });
    const connection = cluster.connect(a);
    connection.say({ type: 'hello', v: 2, user_id: ALICE });
    connection.say({ type: 'typing', conv_id, ref: 1 });
    await cluster.advance(1_000);
    expect(connection.frames.map((frame) => JSON.parse(frame))).toContainEqual({ type: 'ok', ref: 1 });
    expect(typed(bob)).toHaveLength(1);
  });
});
