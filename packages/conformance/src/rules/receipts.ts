import { openGroup, openPersonal, pair, say, sayAll, statusOf, tell, trio } from '../chat.ts';
import { rule } from '../rule.ts';
import { memberReaches, statusReaches } from '../statuses.ts';

const NOWHERE = Number.MAX_SAFE_INTEGER;
const bodies = (count: number): readonly string[] => Array.from({ length: count }, (_value, at) => `m${at + 1}`);

/** V50x: receipts, and what senders are told of them. */
export const receiptRules = [
  rule(
    'V501',
    'delivered is told to the sender, on all sessions; before it, nothing is',
    async (scene) => {
      const { a, b, alice, bob, conversation } = await pair(scene);
      const other = await scene.greet(a);
      other.ignore('synced', 'sync_complete', 'personal');
      const sent = await sayAll(alice, 'personal', conversation, bodies(3));
      await bob.expectSequence(sent.map(({ frame }) => frame));
      await alice.fence();
      alice.expectNothing();
      await tell(bob, { type: 'delivered', conv_id: conversation, seq: 2 });
      for (const peer of [alice, other]) await peer.expectNext(statusOf(conversation, b, 2, 0));
    },
    { proves: ['G6'] },
  ),
  rule(
    'V502',
    'seen by number implies delivered, and is told with its time',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const sent = await sayAll(alice, 'personal', conversation, bodies(3));
      await bob.expectSequence(sent.map(({ frame }) => frame));
      await tell(bob, { type: 'seen', conv_id: conversation, seq: 2 });
      await alice.expectNext(statusOf(conversation, b, 2, 2));
      await tell(bob, { type: 'delivered', conv_id: conversation, seq: 3 });
      await alice.expectNext(statusOf(conversation, b, 3, 2));
      await tell(bob, { type: 'seen', conv_id: conversation, seq: 3 });
      await alice.expectNext(statusOf(conversation, b, 3, 3));
    },
    { proves: ['G6'] },
  ),
  rule(
    'V503',
    'a status never goes back, and what moves nothing is not told',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const sent = await sayAll(alice, 'personal', conversation, bodies(5));
      await bob.expectSequence(sent.map(({ frame }) => frame));
      await tell(bob, { type: 'seen', conv_id: conversation, seq: 4 });
      await alice.expectNext(statusOf(conversation, b, 4, 4));
      for (const seq of [4, 3, 1]) {
        await tell(bob, { type: 'seen', conv_id: conversation, seq });
        await tell(bob, { type: 'delivered', conv_id: conversation, seq });
      }
      await tell(bob, { type: 'delivered', conv_id: conversation, seq: 5 });
      await alice.expectNext(statusOf(conversation, b, 5, 4));
    },
    { proves: ['G6'] },
  ),
  rule(
    'V504',
    'a receipt counts up to what this device was sent, whatever it claims',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const sent = await sayAll(alice, 'personal', conversation, bodies(2));
      await bob.expectSequence(sent.map(({ frame }) => frame));
      await tell(bob, { type: 'delivered', conv_id: conversation, seq: 1_000_000 });
      await alice.expectNext(statusOf(conversation, b, 2, 0));
      await tell(bob, { type: 'seen', conv_id: conversation, seq: NOWHERE });
      await alice.expectNext(statusOf(conversation, b, 2, 2));
      // Had it counted beyond, this message would be delivered already.
      const { frame } = await say(alice, 'personal', conversation, 'm3', { seq: 3 });
      await bob.expectNext(frame);
      await tell(bob, { type: 'delivered', conv_id: conversation, seq: 3 });
      await alice.expectNext(statusOf(conversation, b, 3, 2));
    },
    { proves: ['G6'] },
  ),
  rule(
    'V505',
    'only a member can move a status, and of existing messages only',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const sent = await say(alice, 'personal', conversation, 'm1');
      await bob.expectNext(sent.frame);
      const [c] = await scene.crowd(1);
      const carol = await scene.connect(c as number);
      await carol.refused({ type: 'delivered', conv_id: conversation, seq: 1 }, 'not_a_member');
      await carol.refused({ type: 'seen', conv_id: conversation, seq: 1 }, 'not_a_member');
      await carol.refused({ type: 'seen', message_id: [sent.message_id] }, 'unknown_message');
      await bob.refused({ type: 'seen', message_id: [sent.message_id, NOWHERE] }, 'unknown_message');
      await bob.refused({ type: 'delivered', conv_id: NOWHERE, seq: 1 }, 'not_a_member');
      await tell(bob, { type: 'delivered', conv_id: conversation, seq: 1 });
      await alice.expectNext(statusOf(conversation, b, 1, 0));
    },
    { proves: ['G6', 'G7'] },
  ),
  rule(
    'V506',
    'seen by ids marks exactly these, which the sender is told',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const sent = await sayAll(alice, 'personal', conversation, bodies(4));
      await bob.expectSequence(sent.map(({ frame }) => frame));
      const [, second, , fourth] = sent.map(({ message_id }) => message_id) as [number, number, number, number];
      await tell(bob, { type: 'seen', message_id: [second] });
      await alice.expectNext(statusOf(conversation, b, 0, 0, [second]));
      await tell(bob, { type: 'seen', message_id: [fourth, second] });
      await alice.expectNext(statusOf(conversation, b, 0, 0, [fourth]));
    },
    { proves: ['G6', 'L10'] },
  ),
  rule(
    'V507',
    'own messages are never marked, and nobody is told',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const hers = await say(alice, 'personal', conversation, 'hers', { seq: 1 });
      await bob.expectNext(hers.frame);
      await tell(alice, { type: 'seen', message_id: [hers.message_id] });
      await tell(alice, { type: 'seen', conv_id: conversation, seq: 1 });
      await alice.fence();
      alice.expectNothing();
      const none = { user_id: b, status: 'sent', delivered_at: null, seen_at: null } as const;
      const report = {
        type: 'message_status',
        conv_id: conversation,
        message_id: hers.message_id,
        seq: 1,
        users: [none],
      } as const;
      await alice.ask({ type: 'message_status', message_id: hers.message_id }, report);
      bob.ignore('status');
    },
    { proves: ['G6', 'L10'] },
  ),
  rule('V508', 'receipts in quick succession are told together, the last one always', async (scene) => {
    const { b, alice, bob, conversation } = await pair(scene);
    const count = 200;
    const sent = await sayAll(alice, 'personal', conversation, bodies(count));
    await bob.expectSequence(sent.map(({ frame }) => frame));
    for (let seq = 1; seq <= count; seq++) bob.send({ type: 'delivered', conv_id: conversation, seq });
    const told = await statusReaches(alice, conversation, b, { delivered: count, seen: 0 });
    if (told > count / 4) throw alice.failure(`expected ${count} receipts to be told together, got ${told} statuses`);
  }),
  rule(
    'V509',
    'in a group each member has a status of its own, told to those who sent something',
    async (scene) => {
      const { b, c, alice, bob, carol, group } = await trio(scene);
      const sent = await sayAll(alice, 'group', group, bodies(3));
      for (const peer of [bob, carol]) await peer.expectSequence(sent.map(({ frame }) => frame));
      await tell(bob, { type: 'seen', conv_id: group, seq: 3 });
      await tell(carol, { type: 'delivered', conv_id: group, seq: 2 });
      await statusReaches(alice, group, b, { delivered: 3, seen: 3 });
      await statusReaches(alice, group, c, { delivered: 2, seen: 0 });
      // A member who sent nothing may be told too, of what every member may ask for.
      for (const peer of [bob, carol]) peer.ignore('status');
    },
    { proves: ['G6'] },
  ),
  rule(
    'V510',
    'seen by ids in a group moves the member’s cursor, forwards only',
    async (scene) => {
      const { b, alice, bob, carol, group } = await trio(scene);
      carol.ignore('group', 'status');
      const sent = await sayAll(alice, 'group', group, bodies(3));
      await bob.expectSequence(sent.map(({ frame }) => frame));
      const [first, second] = sent.map(({ message_id }) => message_id) as [number, number];
      await tell(bob, { type: 'seen', message_id: [second] });
      await statusReaches(alice, group, b, { delivered: 2, seen: 2 });
      await tell(bob, { type: 'seen', message_id: [first] });
      await tell(bob, { type: 'delivered', conv_id: group, seq: 3 });
      await statusReaches(alice, group, b, { delivered: 3, seen: 2 });
    },
    { proves: ['L10'] },
  ),
  rule('V511', 'one seen may name messages of several conversations, and all of them are told', async (scene) => {
    const { b, alice, bob, conversation } = await pair(scene);
    const group = await openGroup(alice, [b]);
    const one = await say(alice, 'personal', conversation, 'one');
    const two = await say(alice, 'group', group, 'two');
    await bob.expect(one.frame);
    await bob.expect(two.frame);
    await tell(bob, { type: 'seen', message_id: [two.message_id, one.message_id] });
    await statusReaches(alice, group, b, { delivered: 1, seen: 1 });
    await statusReaches(alice, conversation, b, { delivered: 0, seen: 0, messageIds: [one.message_id] });
  }),
  rule(
    'V512',
    'statuses of all conversations are told once after a reconnect: the present state, not its history',
    async (scene) => {
      const [a, b, c] = await scene.users(3);
      const [alice, bob, carol] = await Promise.all([scene.connect(a), scene.connect(b), scene.connect(c)]);
      const withBob = await openPersonal(alice, b);
      const withCarol = await openPersonal(alice, c);
      for (const sent of await sayAll(alice, 'personal', withBob, bodies(5))) await bob.expectNext(sent.frame);
      for (const sent of await sayAll(alice, 'personal', withCarol, bodies(2))) await carol.expectNext(sent.frame);
      alice.drop();
      for (const seq of [1, 2, 3]) await tell(bob, { type: 'seen', conv_id: withBob, seq });
      await tell(bob, { type: 'delivered', conv_id: withBob, seq: 5 });
      await tell(carol, { type: 'delivered', conv_id: withCarol, seq: 2 });
      const witness = await scene.greet(a, { cursors: { [withBob]: 5, [withCarol]: 2 } });
      witness.ignore('synced', 'sync_complete');
      await memberReaches(scene, witness, withBob, b, 5, 3);
      await memberReaches(scene, witness, withCarol, c, 2, 0);
      witness.drop();
      const again = await scene.greet(a, {
        cursors: { [withBob]: 5, [withCarol]: 2 },
        hello: { status_of: [withBob, withCarol] },
      });
      again.ignore('synced');
      await again.expectNext({ type: 'sync_complete', conversations: 2 });
      await again.expect(statusOf(withBob, b, 5, 3));
      await again.expect(statusOf(withCarol, c, 2, 0));
      await again.fence();
      again.expectNothing();
      again.drop();
      const unasked = await scene.greet(a, {
        cursors: { [withBob]: 5, [withCarol]: 2 },
        hello: { status_of: undefined },
      });
      unasked.ignore('synced', 'sync_complete');
      await unasked.expect(statusOf(withBob, b, 5, 3));
      await unasked.expect(statusOf(withCarol, c, 2, 0));
      await unasked.fence();
    },
    { proves: ['G6'] },
  ),
  rule(
    'V513',
    'what a user has seen is told to all its sessions, what has only arrived is not',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const other = (await scene.greet(b)).heedOwnStatus();
      other.ignore('synced', 'sync_complete', 'personal');
      bob.heedOwnStatus();
      const sent = await sayAll(alice, 'personal', conversation, bodies(3));
      await bob.expectSequence(sent.map(({ frame }) => frame));
      await tell(bob, { type: 'delivered', conv_id: conversation, seq: 3 });
      await alice.expectNext(statusOf(conversation, b, 3, 0));
      await tell(bob, { type: 'seen', conv_id: conversation, seq: 2 });
      for (const peer of [other, bob, alice]) await peer.expectNext(statusOf(conversation, b, 3, 2));
      await tell(bob, { type: 'seen', message_id: [sent[2]?.message_id] });
      const exactly = statusOf(conversation, b, 3, 2, [sent[2]?.message_id as number]);
      for (const peer of [other, bob, alice]) await peer.expectNext(exactly);
    },
    { proves: ['G6'] },
  ),
];
