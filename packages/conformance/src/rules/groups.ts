import { fenceThrough, openGroup, pair, say, sayAll, trio } from '../chat.ts';
import { change, changeFor } from '../group-change.ts';
import { like } from '../pattern.ts';
import { rule } from '../rule.ts';

const NOWHERE = Number.MAX_SAFE_INTEGER;

/** V90x: changes of a group. */
export const groupRules = [
  rule(
    'V901',
    'each change is an event with a number in the group’s own sequence, told to all members on all nodes',
    async (scene) => {
      const { b, c, alice, bob, carol, group: conv_id } = await trio(scene);
      const others = [bob, carol];
      const { frame } = await say(alice, 'group', conv_id, 'before', { seq: 1 });
      for (const peer of others) await peer.expectNext(frame);
      const renamed = { type: 'group_rename', conv_id, group_name: 'Renamed „😀“' };
      const one = await changeFor(alice, others, renamed, { kind: 'renamed', group_name: renamed.group_name });
      const described = { type: 'group_describe', conv_id, description: '' };
      await alice.refused(described, 'no_change');
      const two = await changeFor(
        alice,
        others,
        { ...described, description: 'D' },
        { kind: 'described', description: 'D' },
      );
      const role = { user_id: b, role: 'admin' } as const;
      const three = await changeFor(alice, others, { type: 'group_role', conv_id, ...role }, { kind: 'role', ...role });
      const transfer = { type: 'group_transfer', conv_id, user_id: c };
      const four = await changeFor(alice, others, transfer, { kind: 'transferred', user_id: c, from: alice.user });
      const seqs = [one, two, three, four].map(({ seq }) => seq);
      if (seqs.join() !== '2,3,4,5') throw alice.failure(`expected the numbers 2, 3, 4, 5, got ${seqs}`);
      const last = await say(bob, 'group', conv_id, 'after', { seq: 6 });
      for (const peer of [alice, carol]) await peer.expectNext(last.frame);
      const summary = { conv_id, group_name: renamed.group_name, description: 'D', seq: 6, members: 3 } as const;
      await carol.ask(
        { type: 'conversations' },
        { type: 'conversations', conversations: [like({ ...summary, role: 'owner' })], next: null },
      );
      await alice.ask(
        { type: 'conversations' },
        { type: 'conversations', conversations: [like({ ...summary, role: 'admin' })], next: null },
      );
      const messages = [frame, ...[one, two, three, four].map((event) => event.frame), last.frame];
      await carol.ask({ type: 'history', conv_id }, { type: 'history', conv_id, messages, more: false });
    },
    { proves: ['G2', 'G4', 'G7'] },
  ),
  rule(
    'V902',
    'who is added sees from there on, and sends at once; the others are told',
    async (scene) => {
      const { b, alice, bob } = await pair(scene);
      const [c] = await scene.crowd(1);
      const carol = await scene.connect(c as number);
      const conv_id = await openGroup(alice, [b]);
      for (const { frame } of await sayAll(alice, 'group', conv_id, ['one', 'two'])) await bob.expectNext(frame);
      const added = { type: 'group_add', conv_id, user_id: [c as number, b] };
      const { frame, seq } = await changeFor(alice, [bob], added, { kind: 'added', user_id: [c as number] });
      await carol.expect(frame);
      const hers = await say(carol, 'group', conv_id, 'hello', { seq: seq + 1 });
      for (const peer of [alice, bob]) await peer.expectNext(hers.frame);
      const page = { type: 'history', conv_id, messages: [frame, hers.frame], more: false } as const;
      await carol.ask({ type: 'history', conv_id }, page);
      await carol.ask({ type: 'history', conv_id, before: 3 }, { ...page, messages: [] });
      await carol.ask({ type: 'history', conv_id, after: 0, limit: 1 }, { ...page, messages: [frame], more: true });
      const summary = like({ conv_id, first_seq: seq, members: 3, role: 'member', left: false });
      await carol.ask({ type: 'conversations' }, { type: 'conversations', conversations: [summary], next: null });
    },
    { proves: ['G7'] },
  ),
  rule(
    'V903',
    'who is added to a group with history reads what was before, but is not sent it',
    async (scene) => {
      const { b, alice, bob } = await pair(scene);
      const [c] = await scene.crowd(1);
      const carol = await scene.connect(c as number);
      const conv_id = await openGroup(alice, [b], { history: true });
      const before = (await sayAll(alice, 'group', conv_id, ['one', 'two'])).map(({ frame }) => frame);
      for (const frame of before) await bob.expectNext(frame);
      const added = { type: 'group_add', conv_id, user_id: [c as number] };
      const { frame } = await changeFor(alice, [bob], added, { kind: 'added', user_id: [c as number] });
      await carol.expectNext(frame);
      await carol.ask(
        { type: 'history', conv_id },
        { type: 'history', conv_id, messages: [...before, frame], more: false },
      );
    },
    { proves: ['G7'] },
  ),
  rule(
    'V904',
    'who is removed gets the event and nothing after it, on no node, and can do nothing there',
    async (scene) => {
      const { b, c, alice, bob, carol, group: conv_id } = await trio(scene);
      const second = await scene.greet(c, { node: 0 });
      second.ignore('synced', 'sync_complete');
      const { frame: before } = await say(alice, 'group', conv_id, 'before', { seq: 1 });
      for (const peer of [bob, carol, second]) await peer.expect(before);
      const removed = { type: 'group_remove', conv_id, user_id: c };
      const { frame: event } = await changeFor(alice, [bob, carol, second], removed, { kind: 'removed', user_id: c });
      const { frame: after } = await say(alice, 'group', conv_id, 'after', { seq: 3 });
      await bob.expectNext(after);
      // What a later group brings comes the same way, behind what Carol may not have.
      const other = await openGroup(alice, [b, c]);
      const fence = await say(alice, 'group', other, 'fence');
      for (const peer of [bob, carol, second]) await peer.expectNext(fence.frame);
      for (const peer of [carol, second]) {
        await peer.refused({ type: 'group', conv_id, msg: 'let me in' }, 'not_a_member');
        await peer.refused({ type: 'members', conv_id }, 'not_a_member');
        await peer.refused({ type: 'typing', conv_id }, 'not_a_member');
        await peer.refused({ type: 'group_rename', conv_id, group_name: 'mine' }, 'not_a_member');
        await peer.ask(
          { type: 'history', conv_id },
          { type: 'history', conv_id, messages: [before, event], more: false },
        );
        const summary = like({ conv_id, left: true });
        await peer.ask(
          { type: 'conversations', conv_id: [conv_id] },
          { type: 'conversations', conversations: [summary], next: null },
        );
      }
    },
    { proves: ['G7'] },
  ),
  rule(
    'V905',
    'who was away while removed gets what came up to the event when it comes back, and no more',
    async (scene) => {
      const { c, alice, bob, carol, group: conv_id } = await trio(scene);
      const { frame: before } = await say(alice, 'group', conv_id, 'before', { seq: 1 });
      for (const peer of [bob, carol]) await peer.expectNext(before);
      carol.drop();
      const missed = await say(alice, 'group', conv_id, 'missed', { seq: 2 });
      await bob.expectNext(missed.frame);
      const removed = { type: 'group_remove', conv_id, user_id: c };
      const event = await changeFor(alice, [bob], removed, { kind: 'removed', user_id: c });
      await bob.expectNext((await say(alice, 'group', conv_id, 'after', { seq: 4 })).frame);
      const again = await scene.greet(c, { cursors: { [conv_id]: 1 } });
      await again.expectSequence([
        missed.frame,
        event.frame,
        { type: 'synced', conv_id, kind: 'group', seq: 3, recovered: 2 },
        { type: 'sync_complete', conversations: 1 },
      ]);
    },
    { proves: ['G4', 'G7'] },
  ),
  rule(
    'V906',
    'who leaves is told so as the last thing, and may be added again',
    async (scene) => {
      const { b, alice, bob, carol, group: conv_id } = await trio(scene);
      await changeFor(bob, [alice, carol], { type: 'group_leave', conv_id }, { kind: 'left', user_id: b });
      await bob.refused({ type: 'group', conv_id, msg: 'm' }, 'not_a_member');
      await bob.refused({ type: 'group_leave', conv_id }, 'not_a_member');
      const { frame } = await say(alice, 'group', conv_id, 'without bob', { seq: 2 });
      await carol.expectNext(frame);
      const added = { type: 'group_add', conv_id, user_id: [b] };
      const event = await changeFor(alice, [carol], added, { kind: 'added', user_id: [b] });
      await bob.expectNext(event.frame);
      await fenceThrough(alice, 'group', conv_id, [bob, carol]);
    },
    { proves: ['G7'] },
  ),
  rule('V907', 'the last owner leaves last, or names a successor first', async (scene) => {
    const { a, b, alice, bob, carol, group: conv_id } = await trio(scene);
    await alice.refused({ type: 'group_leave', conv_id }, 'last_owner');
    await alice.refused({ type: 'group_role', conv_id, user_id: a, role: 'member' }, 'last_owner');
    const transfer = { type: 'group_transfer', conv_id, user_id: b };
    await changeFor(alice, [bob, carol], transfer, { kind: 'transferred', user_id: b, from: a });
    await alice.refused({ type: 'group_transfer', conv_id, user_id: a }, 'not_allowed');
    await changeFor(alice, [bob, carol], { type: 'group_leave', conv_id }, { kind: 'left', user_id: a });
    await changeFor(carol, [bob], { type: 'group_leave', conv_id }, { kind: 'left', user_id: carol.user });
    await change(bob, { type: 'group_leave', conv_id }, { kind: 'left', user_id: b });
    await bob.refused({ type: 'group', conv_id, msg: 'm' }, 'not_a_member');
  }),
  rule('V908', 'a group that does not exist, or is none, is refused', async (scene) => {
    const { b, alice, conversation } = await pair(scene);
    for (const [conv_id, error] of [
      [NOWHERE, 'not_a_member'],
      [conversation, 'wrong_conversation_type'],
    ] as const) {
      await alice.refused({ type: 'group_add', conv_id, user_id: [b] }, error);
      await alice.refused({ type: 'group_remove', conv_id, user_id: b }, error);
      await alice.refused({ type: 'group_leave', conv_id }, error);
      await alice.refused({ type: 'group_rename', conv_id, group_name: 'G' }, error);
      await alice.refused({ type: 'group_describe', conv_id, description: 'D' }, error);
      await alice.refused({ type: 'group_role', conv_id, user_id: b, role: 'admin' }, error);
      await alice.refused({ type: 'group_transfer', conv_id, user_id: b }, error);
    }
  }),
  rule(
    'V909',
    'who has left a group is shown it as it was then',
    async (scene) => {
      const { c, alice, bob, carol, group: conv_id } = await trio(scene);
      const fresh = await scene.crowd(1);
      const removed = { type: 'group_remove', conv_id, user_id: c };
      await changeFor(alice, [bob, carol], removed, { kind: 'removed', user_id: c });
      const later = [
        [
          { type: 'group_rename', conv_id, group_name: 'Later' },
          { kind: 'renamed', group_name: 'Later' },
        ],
        [
          { type: 'group_describe', conv_id, description: 'later' },
          { kind: 'described', description: 'later' },
        ],
        [
          { type: 'group_add', conv_id, user_id: fresh },
          { kind: 'added', user_id: fresh },
        ],
      ] as const;
      for (const [frame, event] of later) await changeFor(alice, [bob], frame, event);
      const summary = like({ conv_id, group_name: 'Livescore', description: '', members: 2, seq: 1, left: true });
      await carol.ask(
        { type: 'conversations', conv_id: [conv_id] },
        { type: 'conversations', conversations: [summary], next: null },
      );
    },
    { proves: ['G7'] },
  ),
];
