import { openPersonal, pair, tell } from '../chat.ts';
import type { CurrentPeer } from '../current-peer.ts';
import { anId, anything, aTimestamp, either, listOf, type PatternFields, textLike } from '../pattern.ts';
import { rule } from '../rule.ts';

const online = (user_id: number) => ({ user_id, online: true, last_seen: null }) as const;
const offline = (user_id: number) => ({ user_id, online: false, last_seen: either(aTimestamp, null) }) as const;
const presence = (...users: readonly PatternFields[]) => ({ type: 'presence', users }) as const;

/** Somebody whom Alice knows comes and stays: once she is told, what came before it would have been told too. */
async function news(alice: CurrentPeer, user: PatternFields): Promise<void> {
  await alice.expectNext(presence(user));
}

/** V82x: presence. */
export const presenceRules = [
  rule(
    'V820',
    'presence tells who is online, of people one shares a conversation with, in the order asked',
    async (scene) => {
      const { a, b, alice, bob } = await pair(scene);
      const [c] = await scene.crowd(1);
      await openPersonal(alice, c as number);
      const carol = await scene.greet(c as number, { node: 2 });
      carol.ignore('synced', 'sync_complete');
      await alice.ask({ type: 'presence', user_id: [b, c] }, presence(online(b), online(c as number)));
      await alice.ask({ type: 'presence', user_id: [c, a, b, c] }, presence(online(c as number), online(a), online(b)));
      await bob.ask({ type: 'presence', user_id: [a] }, presence(online(a)));
      await carol.fence();
    },
    { proves: ['G9'] },
  ),
  rule(
    'V821',
    'of anybody else nothing is told, and the error names them',
    async (scene) => {
      const { b, alice } = await pair(scene);
      const [c] = await scene.crowd(1);
      const nobody = scene.stranger();
      for (const type of ['presence', 'watch']) {
        for (const user of [c as number, nobody]) {
          await alice.refused({ type, user_id: [b, user] }, 'not_acquainted', textLike(new RegExp(`\\b${user}\\b`)));
        }
      }
      await alice.ask({ type: 'presence', user_id: [b] }, presence(online(b)));
    },
    { proves: ['G7'] },
  ),
  rule(
    'V822',
    'a watch tells of coming and going, once each, until unwatch',
    async (scene) => {
      const { b, alice, bob } = await pair(scene);
      await alice.ask({ type: 'watch', user_id: [b] }, presence(online(b)));
      await bob.close();
      await news(alice, { ...offline(b), last_seen: aTimestamp });
      const again = await scene.greet(b);
      await news(alice, online(b));
      await tell(alice, { type: 'unwatch', user_id: [b] });
      again.ignore('synced', 'sync_complete');
    },
    { proves: ['G9'], slow: true },
  ),
  rule(
    'V823',
    'a reconnect is no event, on the same node or another',
    async (scene) => {
      const { b, alice, bob } = await pair(scene);
      const [c] = await scene.crowd(1);
      await openPersonal(alice, c as number);
      await alice.ask({ type: 'watch', user_id: [b] }, presence(online(b)));
      // Carol leaves for good just before Bob's last return: when Alice is told of her, Bob's absences would have been told as well.
      const carol = await scene.greet(c as number);
      carol.ignore('synced', 'sync_complete');
      await alice.ask({ type: 'watch', user_id: [c] }, presence(online(c as number)));
      let last = bob;
      for (const node of [1, 0, 2, 1]) {
        last.drop();
        last = await scene.greet(b, { node });
        last.ignore('synced', 'sync_complete');
      }
      await carol.close();
      await news(alice, { ...offline(c as number), last_seen: aTimestamp });
    },
    { proves: ['G9'], slow: true },
  ),
  rule(
    'V824',
    'who has one connection left is online',
    async (scene) => {
      const { b, alice, bob } = await pair(scene);
      const second = await scene.greet(b);
      second.ignore('synced', 'sync_complete');
      const [c] = await scene.crowd(1);
      await openPersonal(alice, c as number);
      const carol = await scene.greet(c as number);
      carol.ignore('synced', 'sync_complete');
      await alice.ask({ type: 'watch', user_id: [b, c] }, presence(online(b), online(c as number)));
      await bob.close();
      await carol.close();
      await news(alice, { ...offline(c as number), last_seen: aTimestamp });
      await alice.ask({ type: 'presence', user_id: [b] }, presence(online(b)));
    },
    { proves: ['G9'], slow: true },
  ),
  rule('V825', 'who has never been there is offline', async (scene) => {
    if (scene.signIn === 'tokens') throw scene.notPlayable('needs a user who has never signed in');
    const { alice } = await pair(scene);
    const [c] = await scene.crowd(1);
    await openPersonal(alice, c as number);
    await alice.ask({ type: 'presence', user_id: [c] }, presence(offline(c as number)));
  }),
  rule(
    'V826',
    'one session watches at most as many users as welcome says',
    async (scene) => {
      const [a] = await scene.users(1);
      const alice = await scene.connect(a);
      const { max_watches: max, max_group_members: members } = alice.welcome.limits;
      if (scene.signIn === 'tokens' && max > 200)
        throw scene.notPlayable(`needs ${max} users that have signed in once`);
      if (max > 2_000) throw scene.notPlayable(`needs more than ${max} users`);
      const known: number[] = [];
      while (known.length < max + 1) {
        const crowd = await scene.crowd(Math.min(members - 1, max + 1 - known.length));
        await alice.ask({ type: 'init_group', member: [a, ...crowd], group_name: 'G' }, READY);
        known.push(...crowd);
      }
      for (let at = 0; at < max; at += 100) {
        const some = known.slice(at, Math.min(at + 100, max));
        await alice.ask({ type: 'watch', user_id: some }, { type: 'presence', users: listOf(anything, some.length) });
      }
      await alice.refused({ type: 'watch', user_id: known.slice(max) }, 'too_many_watches');
      await alice.ask({ type: 'watch', user_id: known.slice(0, 1) }, { type: 'presence', users: listOf(anything, 1) });
      await tell(alice, { type: 'unwatch', user_id: known.slice(0, 1) });
      await alice.ask({ type: 'watch', user_id: known.slice(max) }, { type: 'presence', users: listOf(anything, 1) });
      await alice.ask(
        { type: 'presence', user_id: known.slice(0, 1) },
        { type: 'presence', users: listOf(anything, 1) },
      );
    },
    { proves: ['G8'] },
  ),
];

const READY = { type: 'conversation_ready', conv_id: anId, kind: 'group', created: true } as const;
