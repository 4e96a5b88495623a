import { ackOf, openGroup, say, trio } from '../chat.ts';
import type { CurrentPeer } from '../current-peer.ts';
import { type Changed, change, changeFor } from '../group-change.ts';
import { rule } from '../rule.ts';
import type { Scene } from '../scene.ts';

/** Alice owns it, Bob is an admin, Carol a member, Dave a stranger. */
async function court(scene: Scene) {
  const [a, b, c, d] = await scene.users(4);
  const [alice, bob, carol, dave] = (await scene.connectAll([a, b, c, d])) as [
    CurrentPeer,
    CurrentPeer,
    CurrentPeer,
    CurrentPeer,
  ];
  const conv_id = await openGroup(alice, [b, c]);
  const role = { user_id: b, role: 'admin' } as const;
  await changeFor(alice, [bob, carol], { type: 'group_role', conv_id, ...role }, { kind: 'role', ...role });
  return { a, b, c, d, alice, bob, carol, dave, conv_id };
}

/** V92x: who may change what, and repeats. */
export const groupRoleRules = [
  rule(
    'V920',
    'a member changes nothing but leaves',
    async (scene) => {
      const { a, b, d, carol, dave, conv_id } = await court(scene);
      await carol.refused({ type: 'group_add', conv_id, user_id: [d] }, 'not_allowed');
      await carol.refused({ type: 'group_remove', conv_id, user_id: b }, 'not_allowed');
      await carol.refused({ type: 'group_rename', conv_id, group_name: 'mine' }, 'not_allowed');
      await carol.refused({ type: 'group_describe', conv_id, description: 'mine' }, 'not_allowed');
      await carol.refused({ type: 'group_role', conv_id, user_id: b, role: 'member' }, 'not_allowed');
      await carol.refused({ type: 'group_transfer', conv_id, user_id: a }, 'not_allowed');
      await dave.refused({ type: 'group_add', conv_id, user_id: [d] }, 'not_a_member');
      await dave.refused({ type: 'group_leave', conv_id }, 'not_a_member');
    },
    { proves: ['G7'] },
  ),
  rule(
    'V921',
    'an admin adds, renames, describes and removes members, but no owner and no admin',
    async (scene) => {
      const { a, c, d, alice, bob, carol, dave, conv_id } = await court(scene);
      await changeFor(
        bob,
        [alice, carol],
        { type: 'group_rename', conv_id, group_name: 'G2' },
        { kind: 'renamed', group_name: 'G2' },
      );
      await changeFor(
        bob,
        [alice, carol],
        { type: 'group_describe', conv_id, description: 'D2' },
        { kind: 'described', description: 'D2' },
      );
      const added = await changeFor(
        bob,
        [alice, carol],
        { type: 'group_add', conv_id, user_id: [d] },
        { kind: 'added', user_id: [d] },
      );
      await dave.expectNext(added.frame);
      await bob.refused({ type: 'group_role', conv_id, user_id: c, role: 'admin' }, 'not_allowed');
      await bob.refused({ type: 'group_transfer', conv_id, user_id: c }, 'not_allowed');
      await bob.refused({ type: 'group_remove', conv_id, user_id: a }, 'not_allowed');
      await changeFor(
        bob,
        [alice, carol, dave],
        { type: 'group_remove', conv_id, user_id: c },
        { kind: 'removed', user_id: c },
      );
      const role = { user_id: d, role: 'admin' } as const;
      await changeFor(alice, [bob, dave], { type: 'group_role', conv_id, ...role }, { kind: 'role', ...role });
      await bob.refused({ type: 'group_remove', conv_id, user_id: d }, 'not_allowed');
    },
    { proves: ['G7'] },
  ),
  rule('V922', 'an owner gives and takes roles, also another owner’s, and removes anybody', async (scene) => {
    const { a, b, c, alice, bob, carol, conv_id } = await court(scene);
    const make = async (
      peer: CurrentPeer,
      others: readonly CurrentPeer[],
      user_id: number,
      role: string,
    ): Promise<Changed> =>
      await changeFor(peer, others, { type: 'group_role', conv_id, user_id, role }, { kind: 'role', user_id, role });
    await make(alice, [bob, carol], c, 'owner');
    await make(carol, [alice, bob], a, 'member');
    await make(carol, [alice, bob], b, 'member');
    await alice.refused({ type: 'group_rename', conv_id, group_name: 'mine' }, 'not_allowed');
    await changeFor(
      carol,
      [alice, bob],
      { type: 'group_remove', conv_id, user_id: a },
      { kind: 'removed', user_id: a },
    );
  }),
  rule('V923', 'what changes nothing is refused, and takes no number', async (scene) => {
    const { a, b, d, alice, bob, carol, conv_id } = await court(scene);
    await alice.refused({ type: 'group_add', conv_id, user_id: [a, b] }, 'no_change');
    await alice.refused({ type: 'group_remove', conv_id, user_id: d }, 'no_change');
    await alice.refused({ type: 'group_rename', conv_id, group_name: 'Livescore' }, 'no_change');
    await alice.refused({ type: 'group_describe', conv_id, description: '' }, 'no_change');
    await alice.refused({ type: 'group_role', conv_id, user_id: b, role: 'admin' }, 'no_change');
    await alice.refused({ type: 'group_role', conv_id, user_id: d, role: 'admin' }, 'unknown_member');
    await alice.refused({ type: 'group_transfer', conv_id, user_id: d }, 'unknown_member');
    await alice.refused({ type: 'group_transfer', conv_id, user_id: a }, 'no_change');
    const { frame } = await say(alice, 'group', conv_id, 'next', { seq: 2 });
    for (const peer of [bob, carol]) await peer.expectNext(frame);
  }),
  rule(
    'V924',
    'only known users can be added',
    async (scene) => {
      const { alice, conv_id } = await court(scene);
      await alice.refused({ type: 'group_add', conv_id, user_id: [scene.stranger()] }, 'unknown_member');
    },
    { needs: ['tokens'], proves: ['L13'] },
  ),
  rule(
    'V925',
    'a group has so many members and no more',
    async (scene) => {
      const [a] = await scene.users(1);
      const alice = await scene.connect(a);
      const { max_group_members: max } = alice.welcome.limits;
      if (scene.signIn === 'tokens' && max > 200)
        throw scene.notPlayable(`needs ${max} users that have signed in once`);
      const crowd = await scene.crowd(max);
      const conv_id = await openGroup(alice, crowd.slice(0, max - 2));
      const last = crowd.slice(max - 2);
      await alice.refused({ type: 'group_add', conv_id, user_id: last }, 'group_full');
      const one = last.slice(0, 1);
      await change(alice, { type: 'group_add', conv_id, user_id: one }, { kind: 'added', user_id: one });
      await alice.refused({ type: 'group_add', conv_id, user_id: last.slice(1) }, 'group_full');
    },
    { proves: ['G8'] },
  ),
  rule(
    'V926',
    'a change with a client id that is repeated gets the first numbers, on any node, and changes nothing',
    async (scene) => {
      const { a, alice, bob, carol, group: conv_id } = await trio(scene);
      const rename = { type: 'group_rename', conv_id, group_name: 'Once', client_id: 'r-1' };
      const first = await changeFor(alice, [bob, carol], rename, { kind: 'renamed', group_name: 'Once' });
      await changeFor(
        alice,
        [bob, carol],
        { type: 'group_rename', conv_id, group_name: 'Twice' },
        { kind: 'renamed', group_name: 'Twice' },
      );
      const other = await scene.greet(a, { node: 1 });
      other.ignore('synced', 'sync_complete', 'event');
      const { message_id, seq, timestamp, client_id } = first;
      const ack = { type: 'ack', conv_id, message_id, seq, timestamp, client_id, duplicate: true } as const;
      for (const peer of [alice, other]) await peer.ask(rename, ack);
      for (const body of [{ group_name: 'Other' }, { type: 'group_describe', description: 'Once' }]) {
        await alice.refused({ ...rename, ...body }, 'client_id_conflict');
      }
      await alice.refused({ type: 'group', conv_id, msg: 'Once', client_id: 'r-1' }, 'client_id_conflict');
      const { frame } = await say(alice, 'group', conv_id, 'next', { seq: 3 });
      for (const peer of [bob, carol]) await peer.expectNext(frame);
      other.ignore('group');
    },
    { proves: ['G3'] },
  ),
  rule(
    'V927',
    'a change may be repeated by who is no longer there to make it',
    async (scene) => {
      const { b, alice, bob, carol, group: conv_id } = await trio(scene);
      const leave = { type: 'group_leave', conv_id, client_id: 'l-1' };
      const sent = await say(bob, 'group', conv_id, 'goodbye', { clientId: 'm-1' });
      for (const peer of [alice, carol]) await peer.expectNext(sent.frame);
      const { message_id, seq, timestamp } = await changeFor(bob, [alice, carol], leave, { kind: 'left', user_id: b });
      await bob.ask(leave, { type: 'ack', conv_id, message_id, seq, timestamp, client_id: 'l-1', duplicate: true });
      const again = { ...ackOf(conv_id, 'm-1'), message_id: sent.message_id, seq: sent.seq, timestamp: sent.timestamp };
      await bob.ask({ type: 'group', conv_id, msg: 'goodbye', client_id: 'm-1' }, { ...again, duplicate: true });
    },
    { proves: ['G3'] },
  ),
  rule(
    'V928',
    'changes and messages from several nodes at once are numbered in one sequence that all see',
    async (scene) => {
      const { alice, bob, carol, group: conv_id } = await trio(scene);
      const rounds = 15;
      const working = [
        repeatedly(rounds, (at) => alice.ask({ type: 'group_rename', conv_id, group_name: `N${at}` }, ackOf(conv_id))),
        repeatedly(rounds, (at) => say(bob, 'group', conv_id, `b${at}`)),
        repeatedly(rounds, (at) => say(carol, 'group', conv_id, `c${at}`)),
      ];
      const acks = (await Promise.all(working)).flat();
      const seqs = acks.map(({ seq }) => seq).sort((one, other) => one - other);
      if (seqs.some((seq, at) => seq !== at + 1)) throw new Error(`expected 1 to ${3 * rounds}, got ${seqs}`);
      for (const peer of [bob, carol]) {
        let last = 0;
        for (let got = 0; got < 2 * rounds; got++) {
          const { json } = await peer.next('the next of the sequence');
          const { seq } = json as { readonly seq: number };
          if (!(seq > last)) throw peer.failure(`got ${seq} after ${last}`);
          last = seq;
        }
      }
      alice.ignore('group', 'event');
    },
    { proves: ['G2', 'G5'] },
  ),
];

async function repeatedly<T>(count: number, act: (at: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let at = 0; at < count; at++) results.push(await act(at));
  return results;
}
