import { expect, it } from 'vitest';
import { CurrentPeer } from '../testing/current-peer.ts';
import { LoneNode } from '../testing/lone-node.ts';

/** A node on which each question about acquaintances takes a second. */
async function slowNode(): Promise<{ readonly lone: LoneNode; readonly most: () => number }> {
  let asked = 0;
  let most = 0;
  const lone: LoneNode = new LoneNode({
    settings: { leaveGraceMs: 500, maxInFlightPerSession: 256 },
    faults: ({ reader }) => ({
      reader: {
        acquainted: async (userId, others) => {
          most = Math.max(most, ++asked);
          await new Promise<void>((resolve) => lone.clock.after(1_000, resolve));
          asked--;
          return reader.acquainted(userId, others);
        },
      },
    }),
  });
  await lone.node.start();
  return { lone, most: () => most };
}

it('a watch that is ended before it was answered stays ended', async () => {
  const { lone } = await slowNode();
  await lone.openPersonal(1, 2);
  const watcher = await CurrentPeer.signIn(lone, 1);
  const watched = await CurrentPeer.signIn(lone, 2);
  const watch = watcher.say({ type: 'watch', user_id: [2] });
  const unwatch = watcher.say({ type: 'unwatch', user_id: [2] });
  await lone.clock.advanceAsync(5_000);
  expect(watcher.answer(watch)).toMatchObject({ type: 'presence', users: [{ user_id: 2, online: true }] });
  expect(watcher.answer(unwatch)).toEqual({ type: 'ok' });
  const before = watcher.told('presence').length;
  watched.connection.hangUp();
  await lone.clock.advanceAsync(30_000);
  expect(watcher.told('presence')).toHaveLength(before);
  await lone.node.stop();
});

it('G8: one session asks the store about few of its watches and questions at once, and all are answered', async () => {
  const { lone, most } = await slowNode();
  await lone.openPersonal(1, 2);
  const watcher = await CurrentPeer.signIn(lone, 1);
  const refs: number[] = [];
  for (let n = 0; n < 100; n++) refs.push(watcher.say({ type: n % 2 === 0 ? 'watch' : 'presence', user_id: [2] }));
  await lone.clock.advanceAsync(120_000);
  for (const ref of refs) expect(watcher.answer(ref)).toMatchObject({ type: 'presence' });
  expect(most()).toBeLessThanOrEqual(5);
  await lone.node.stop();
});
