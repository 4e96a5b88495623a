import { ackOf, openGroup, openPersonal, pair, say, tell } from '../chat.ts';
import { anything, like, listOf } from '../pattern.ts';
import { rule } from '../rule.ts';

/** V94x: blocking a user. */
export const blockingRules = [
  rule(
    'V940',
    'who is blocked sends nothing into the personal conversation, from any node, until unblocked',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const second = await scene.greet(b);
      second.ignore('synced', 'sync_complete');
      await tell(alice, { type: 'block', user_id: b });
      const send = { type: 'personal', conv_id: conversation, msg: 'hello?' };
      await bob.refused(send, 'blocked');
      await second.refused({ ...send, client_id: 'c-1' }, 'blocked');
      await tell(alice, { type: 'unblock', user_id: b });
      const { frame } = await say(bob, 'personal', conversation, 'thanks', { seq: 1 });
      await alice.expectNext(frame);
      await second.expectNext(frame);
    },
    { proves: ['G7'] },
  ),
  rule('V941', 'the one who blocks may still send, and is shown as not blocked', async (scene) => {
    const { b, a, alice, bob, conversation } = await pair(scene);
    await tell(alice, { type: 'block', user_id: b });
    await bob.expectNext((await say(alice, 'personal', conversation, 'my last word', { seq: 1 })).frame);
    const summary = (user_id: number, blocked: boolean) => [like({ peer: like({ user_id, blocked }) })];
    await alice.ask({ type: 'conversations' }, { type: 'conversations', conversations: summary(b, true), next: null });
    await bob.ask({ type: 'conversations' }, { type: 'conversations', conversations: summary(a, false), next: null });
  }),
  rule('V942', 'block and unblock may be repeated, and open the conversation when there is none', async (scene) => {
    const [a, b] = await scene.users(2);
    const [alice, bob] = await Promise.all([scene.connect(a), scene.connect(b)]);
    for (const type of ['unblock', 'block', 'block', 'unblock', 'unblock', 'block'])
      await tell(alice, { type, user_id: b });
    const conversation = await openPersonal(bob, a);
    await bob.refused({ type: 'personal', conv_id: conversation, msg: 'm' }, 'blocked');
    await alice.refused({ type: 'block', user_id: a }, 'invalid_frame');
  }),
  rule(
    'V943',
    'who is blocked neither types to nor learns the presence of who blocks',
    async (scene) => {
      const { a, b, alice, bob, conversation } = await pair(scene);
      await openGroup(alice, [b]);
      await tell(alice, { type: 'block', user_id: b });
      // What is never stored may slip through until the other's node has heard of the block.
      alice.ignore('typing');
      await scene.eventually('typing to be refused', async () => {
        const ref = bob.newRef();
        bob.send({ type: 'typing', conv_id: conversation, ref });
        const { json } = await bob.next('the answer to typing');
        const { ref: answered, name } = json as { readonly ref?: unknown; readonly name?: unknown };
        if (answered !== ref) throw bob.failure(`expected the answer to ${ref}, got ${JSON.stringify(json)}`);
        return name === 'blocked';
      });
      await bob.refused({ type: 'presence', user_id: [a] }, 'not_acquainted');
      await bob.refused({ type: 'watch', user_id: [a] }, 'not_acquainted');
      await alice.ask({ type: 'presence', user_id: [b] }, { type: 'presence', users: listOf(anything, 1) });
      await tell(alice, { type: 'unblock', user_id: b });
      await bob.ask({ type: 'presence', user_id: [a] }, { type: 'presence', users: listOf(anything, 1) });
    },
    { proves: ['G7'] },
  ),
  rule(
    'V944',
    'groups of both are not concerned, and a repeated send of before is still answered',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const group = await openGroup(alice, [b]);
      const first = await say(bob, 'personal', conversation, 'before', { clientId: 'c-1', seq: 1 });
      await alice.expectNext(first.frame);
      await tell(alice, { type: 'block', user_id: b });
      await alice.expectNext((await say(bob, 'group', group, 'in the group', { seq: 1 })).frame);
      const { message_id, seq, timestamp } = first;
      const again = { ...ackOf(conversation, 'c-1'), message_id, seq, timestamp, duplicate: true } as const;
      await bob.ask({ type: 'personal', conv_id: conversation, msg: 'before', client_id: 'c-1' }, again);
    },
    { proves: ['G3'] },
  ),
  rule('V945', 'only known users can be blocked', async (scene) => {
    const [a] = await scene.users(1);
    const alice = await scene.connect(a);
    await alice.refused({ type: 'block', user_id: scene.stranger() }, 'unknown_member');
  }),
];
