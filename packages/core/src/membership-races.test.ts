import { expect, it } from 'vitest';
import { CurrentPeer } from './testing/current-peer.ts';
import { LoneNode } from './testing/lone-node.ts';

it('G7: who leaves a group while the membership is being read is not taken for a member by what was read before', async () => {
  let answer: (() => void) | null = null;
  let reads = 0;
  const lone: LoneNode = new LoneNode({
    faults: ({ conversations }) => ({
      conversations: {
        membersOf: async (ids, among) => {
          const rows = await conversations.membersOf(ids, among);
          // The second read is the one behind the join of the group's topic: its answer is on its way for long.
          if (++reads === 2) await new Promise<void>((resolve) => (answer = resolve));
          return rows;
        },
      },
    }),
  });
  await lone.node.start();
  const leaver = await CurrentPeer.signIn(lone, 4);
  await lone.stores.conversations.ensureUsers([3]);
  const group = { creatorId: 3, memberIds: [3, 4], name: 'g', description: '' };
  const opened = await lone.stores.conversations.createGroup(group);
  const conv_id = opened.ok ? opened.conversationId : 0;
  // This node has not heard of the group: the send makes it ask.
  const send = leaver.say({ type: 'group', conv_id, msg: 'too late' });
  await lone.clock.settle();
  expect(answer).not.toBeNull();
  expect(await leaver.ask({ type: 'group_leave', conv_id })).toMatchObject({ type: 'ack', seq: 1 });
  (answer as (() => void) | null)?.();
  await lone.clock.settle();
  expect(leaver.answer(send)).toMatchObject({ type: 'error', name: 'not_a_member' });
  const owner = await CurrentPeer.signIn(lone, 3);
  expect(await owner.ask({ type: 'group', conv_id, msg: 'not for the one who left' })).toMatchObject({ seq: 2 });
  await lone.clock.advanceAsync(1_000);
  expect(leaver.told('group')).toEqual([]);
  await lone.node.stop();
});

it('G5: a device that was put back into a group between two reads of its sign-in is told to forget nothing', async () => {
  let putBack: (() => Promise<unknown>) | null = null;
  const lone: LoneNode = new LoneNode({
    faults: ({ conversations }) => ({
      conversations: {
        profilesOf: async (ids) => {
          const profiles = await conversations.profilesOf(ids);
          await putBack?.();
          putBack = null;
          return profiles;
        },
      },
    }),
  });
  await lone.node.start();
  const owner = await CurrentPeer.signIn(lone, 3);
  const before = await CurrentPeer.signIn(lone, 4);
  const { conv_id } = await owner.ask({ type: 'init_group', member: [3, 4], group_name: 'g' });
  await owner.ask({ type: 'group_remove', conv_id, user_id: 4 });
  await before.ask({ type: 'delivered', conv_id, seq: 1 });
  await lone.clock.advanceAsync(3_000);
  putBack = () => {
    const change = { actorId: 3, clientId: 'back', action: { kind: 'add', userIds: [4] }, atUs: 1 } as const;
    return lone.stores.groups.change({ ...change, conversationId: Number(conv_id) });
  };
  const device = await CurrentPeer.signIn(lone, 4, { cursors: { [Number(conv_id)]: 1 }, groups: [conv_id] });
  await lone.clock.advanceAsync(1_000);
  expect(putBack).toBeNull();
  expect(device.told('reset')).toEqual([]);
  expect(device.told('event')).toMatchObject([{ seq: 2, event: { kind: 'added', user_id: [4] } }]);
  // Nobody has published it, so it comes as a gap of the feed, behind the sync.
  expect(device.told('synced')).toEqual([{ type: 'synced', conv_id, kind: 'group', seq: 1, recovered: 0 }]);
  await lone.node.stop();
});
