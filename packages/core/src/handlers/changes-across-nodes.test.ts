import { expect, it } from 'vitest';
import { CurrentPeer } from '../testing/current-peer.ts';
import { ANSWER_MS, peersApart } from '../testing/peers-apart.ts';
import { testSeed } from '../testing/random.ts';
import type { TestNode } from '../testing/test-cluster.ts';

const seed = testSeed();
const error = (name: string) => expect.objectContaining({ type: 'error', name });
const ack = (seq: number) => expect.objectContaining({ type: 'ack', seq });
const bodies = (peer: CurrentPeer) => peer.told('personal', 'group').map(({ msg }) => msg);

const apart = (users: number) => peersApart(seed, users);

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
  const elsewhere = await CurrentPeer.signIn(cluster.hostOf(cluster.nodes[1] as TestNode, ANSWER_MS), 1);
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
