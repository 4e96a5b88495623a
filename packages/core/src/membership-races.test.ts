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
