import { expect, it } from 'vitest';
import { CurrentPeer } from '../testing/current-peer.ts';
import { testSeed } from '../testing/random.ts';
import { TestCluster } from '../testing/test-cluster.ts';

const seed = testSeed();
const error = (name: string) => expect.objectContaining({ type: 'error', name });
const ack = (seq: number) => expect.objectContaining({ type: 'ack', seq });
const bodies = (peer: CurrentPeer) => peer.told('personal', 'group').map(({ msg }) => msg);

/** Users 1, 2, 3 …, each at a node of its own. What they ask has a second of time to happen, far less than an audit takes to repair it. */
async function apart(users: number): Promise<{ cluster: TestCluster; peers: [CurrentPeer, CurrentPeer, CurrentPeer] }> {
  const cluster = new TestCluster(seed);
  const peers: CurrentPeer[] = [];
  for (let id = 1; id <= users; id++) {
    const node = await cluster.startNode();
    const host = { connect: () => cluster.connect(node), clock: { settle: () => cluster.advance(1_000) } };
    peers.push(await CurrentPeer.signIn(host, id));
  }
  return { cluster, peers: peers as [CurrentPeer, CurrentPeer, CurrentPeer] };
}

it(`G7: a change of the members takes effect at its seq on every node (seed ${seed})`, async () => {
  const { cluster, peers } = await apart(3);
  const [owner, member, late] = peers;
  const { conv_id } = await owner.ask({ type: 'init_group', member: [1, 2], group_name: 'g' });
  const say = (peer: CurrentPeer, msg: string) => peer.ask({ type: 'group', conv_id, msg });
  expect(await say(member, 'one')).toEqual(ack(1));
  expect(await owner.ask({ type: 'group_add', conv_id, user_id: [3] })).toEqual(ack(2));
  // Told before it asked for anything.
  expect(late.told('synced')).toMatchObject([{ conv_id, kind: 'group', seq: 2 }]);
  expect(await say(late, 'three')).toEqual(ack(3));
  expect(await owner.ask({ type: 'group_remove', conv_id, user_id: 2 })).toEqual(ack(4));
  expect(await say(member, 'not this')).toEqual(error('not_a_member'));
  expect(await say(owner, 'five')).toEqual(ack(5));
  expect(bodies(member)).toEqual(['three']);
  expect(bodies(late)).toEqual(['five']);
  for (const peer of [owner, member]) expect(peer.told('event').map(({ seq }) => seq)).toEqual([2, 4]);
  await cluster.stop();
});

it(`G3: a repeat on another node has the first answer (seed ${seed})`, async () => {
  const { cluster, peers } = await apart(2);
  const host = {
    connect: () => cluster.connect(cluster.nodes[1] as never),
    clock: { settle: () => cluster.advance(1_000) },
  };
  const elsewhere = await CurrentPeer.signIn(host, 1);
  const init = { type: 'init_group', member: [1, 2], group_name: 'g', client_id: 'i' };
  const ready = await peers[0].ask(init);
  expect(await elsewhere.ask(init)).toEqual({ ...ready, duplicate: true });
  const { conv_id } = ready;
  for (const request of [
    { type: 'group', conv_id, msg: 'x', client_id: 'm' },
    { type: 'group_rename', conv_id, group_name: 'h', client_id: 'r' },
  ]) {
    const first = await peers[0].ask(request);
    expect(await elsewhere.ask(request)).toEqual({ ...first, duplicate: true });
  }
  await cluster.stop();
});
