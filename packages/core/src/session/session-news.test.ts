import { expect, it } from 'vitest';
import { CurrentPeer } from '../testing/current-peer.ts';
import { LoneNode } from '../testing/lone-node.ts';

it('G9: a session that has its welcome is told who comes, also while its memberships are read once more', async () => {
  let held: (() => void)[] | null = null;
  const lone = new LoneNode({
    faults: ({ conversations }) => ({
      conversations: {
        profilesOf: async (userIds) => {
          const profiles = await conversations.profilesOf(userIds);
          if (held !== null && userIds.includes(2)) await new Promise<void>((resolve) => held?.push(resolve));
          return profiles;
        },
      },
    }),
  });
  await lone.node.start();
  await lone.openPersonal(2, 3);
  const [owner] = [await CurrentPeer.signIn(lone, 1), await CurrentPeer.signIn(lone, 2)];
  const { conv_id } = await owner.ask({ type: 'init_group', member: [1, 2], group_name: 'g' });
  held = [];
  const device = lone.connect();
  device.say({ type: 'hello', v: 2, user_id: 2 });
  device.say({ type: 'watch', user_id: [3], ref: 'w' });
  await lone.clock.settle();
  await owner.ask({ type: 'group_remove', conv_id, user_id: 2 });
  held.shift()?.();
  await lone.clock.settle();
  const told = (type: string) => device.frames.filter((frame) => frame.includes(`"${type}"`));
  expect([told('welcome').length, told('presence').length, told('sync_complete').length]).toEqual([1, 1, 0]);
  lone.connect().say({ type: 'hello', v: 2, user_id: 3 });
  await lone.clock.advanceAsync(3_000);
  expect(held).toHaveLength(1);
  held.shift()?.();
  held = null;
  await lone.clock.advanceAsync(3_000);
  expect(told('sync_complete')).toHaveLength(1);
  expect(told('presence').slice(1).join()).toContain('"user_id":3,"online":true');
  await lone.node.stop();
});
