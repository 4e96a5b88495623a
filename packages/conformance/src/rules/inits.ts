import { openGroup, openPersonal, say } from '../chat.ts';
import type { CurrentPeer } from '../current-peer.ts';
import { aBoolean, anId, anything, listOf, type PatternFields } from '../pattern.ts';
import { rule } from '../rule.ts';

const ready = (kind: 'personal' | 'group', created: boolean, others: PatternFields = {}) =>
  ({ type: 'conversation_ready', conv_id: anId, kind, created, ...others }) as const;

const LOCAL_IDS = [5, -5, 0, 'a name of mine', '', '5', 'ein „Zeichen“ 😀', 2 ** 53 - 1];
const HUGE = '123456789012345678901234567890';

async function countOf(peer: CurrentPeer): Promise<number> {
  const page = { type: 'conversations', conversations: listOf(anything), next: null } as const;
  return (await peer.ask({ type: 'conversations' }, page)).conversations.length;
}

/** V30x: opening conversations. */
export const initRules = [
  rule(
    'V301',
    'init_personal opens the conversation of two users once, whoever asks',
    async (scene) => {
      const [a, b] = await scene.users(2);
      const [alice, bob] = await Promise.all([scene.connect(a), scene.connect(b)]);
      const { conv_id } = await alice.ask({ type: 'init_personal', member: [a, b] }, ready('personal', true));
      await alice.ask({ type: 'init_personal', member: [b, a] }, ready('personal', false, { conv_id }));
      await bob.ask({ type: 'init_personal', member: [a, b] }, ready('personal', false, { conv_id }));
    },
    { proves: ['L12'] },
  ),
  rule(
    'V302',
    'both may ask at once, on different nodes: one conversation, created once',
    async (scene) => {
      const [a, b] = await scene.users(2);
      const peers = await Promise.all([a, b, a, b].map((user) => scene.connect(user)));
      const answers = await Promise.all(
        peers.map((peer) =>
          peer.ask({ type: 'init_personal', member: [a, b] }, { ...ready('personal', true), created: aBoolean }),
        ),
      );
      const ids = new Set(answers.map(({ conv_id }) => conv_id));
      const created = answers.filter((answer) => answer.created).length;
      if (ids.size !== 1 || created !== 1) {
        throw new Error(`expected 1 conversation, created once; got ${ids.size}, created ${created} times`);
      }
    },
    { proves: ['L12'] },
  ),
  rule(
    'V303',
    'a conv_id of the client’s own, any integer or text, comes back as local_conv_id; without one there is none',
    async (scene) => {
      const [a, b] = await scene.users(2);
      const alice = await scene.connect(a);
      const conv_id = await openPersonal(alice, b);
      for (const local of LOCAL_IDS) {
        const answer = ready('personal', false, { conv_id, local_conv_id: local });
        await alice.ask({ type: 'init_personal', member: [a, b], conv_id: local }, answer);
        const group = { type: 'init_group', member: [a], group_name: 'G', conv_id: local };
        await alice.ask(group, ready('group', true, { local_conv_id: local }));
      }
      alice.sendText(`{"type":"init_personal","member":[${a},${b}],"conv_id":${HUGE},"ref":"huge"}`);
      const { text } = await alice.next('the answer with the huge id');
      if (!text.includes(`"local_conv_id":${HUGE}`)) throw alice.failure(`expected every digit of ${HUGE} in ${text}`);
    },
    { proves: ['L2', 'L5'] },
  ),
  rule(
    'V304',
    'a personal conversation has two different members, and one of them asks; duplicates count once',
    async (scene) => {
      const [a, b, c] = await scene.users(3);
      const alice = await scene.connect(a);
      await alice.refused({ type: 'init_personal', member: [a] }, 'invalid_frame');
      await alice.refused({ type: 'init_personal', member: [a, a] }, 'invalid_frame');
      await alice.refused({ type: 'init_personal', member: [a, b, c] }, 'invalid_frame');
      await alice.refused({ type: 'init_personal', member: [b, c] }, 'initiator_not_member');
      await alice.refused({ type: 'init_group', member: [b, c], group_name: 'G' }, 'initiator_not_member');
      if ((await countOf(alice)) !== 0) throw alice.failure('a refused init opened a conversation');
      await alice.ask({ type: 'init_personal', member: [a, b, b, a] }, ready('personal', true));
    },
    { proves: ['L13'] },
  ),
  rule(
    'V305',
    'members must be known users',
    async (scene) => {
      const [a] = await scene.users(1);
      const alice = await scene.connect(a);
      await alice.refused({ type: 'init_personal', member: [a, scene.stranger()] }, 'unknown_member');
      await alice.refused({ type: 'init_group', member: [a, scene.stranger()], group_name: 'G' }, 'unknown_member');
      if ((await countOf(alice)) !== 0) throw alice.failure('a refused init opened a conversation');
    },
    { needs: ['tokens'], proves: ['L13'] },
  ),
  rule(
    'V306',
    'init_group makes a group each time, of the members named, and tells nobody but the asker',
    async (scene) => {
      const [a, b, c] = await scene.users(3);
      const [alice, bob, carol] = await Promise.all([scene.connect(a), scene.connect(b), scene.connect(c)]);
      const frame = { type: 'init_group', member: [a, b, c, b], group_name: 'G', description: 'D', history: true };
      const first = await alice.ask(frame, ready('group', true));
      const second = await alice.ask(frame, ready('group', true));
      if (first.conv_id === second.conv_id) throw alice.failure('expected two groups');
      const { frame: message } = await say(alice, 'group', first.conv_id, 'hello', { seq: 1 });
      await bob.expectNext(message);
      await carol.expectNext(message);
    },
  ),
  rule(
    'V307',
    'an init with a client id that is repeated returns the first result, on any connection and node',
    async (scene) => {
      const [a, b] = await scene.users(2);
      const alice = await scene.connect(a);
      const again = await scene.connect(a);
      const group = { type: 'init_group', member: [a, b], group_name: 'G', client_id: 'g-1' };
      const personal = { type: 'init_personal', member: [a, b], client_id: 'p-1' };
      const { conv_id: g } = await alice.ask(group, ready('group', true));
      const { conv_id: p } = await alice.ask(personal, ready('personal', true));
      const later = await scene.greet(a);
      later.ignore('synced', 'sync_complete');
      for (const peer of [alice, again, later]) {
        await peer.ask(group, { ...ready('group', true), conv_id: g, created: aBoolean, duplicate: true });
        await peer.ask(personal, { ...ready('personal', true), conv_id: p, created: aBoolean, duplicate: true });
      }
    },
    { proves: ['G3'] },
  ),
  rule(
    'V308',
    'an init with a used client id but another body is refused and opens nothing',
    async (scene) => {
      const [a, b, c] = await scene.users(3);
      const alice = await scene.connect(a);
      await alice.ask({ type: 'init_group', member: [a, b], group_name: 'G', client_id: 'one' }, ready('group', true));
      const others = [
        { type: 'init_group', member: [a, b], group_name: 'H' },
        { type: 'init_group', member: [a, b, c], group_name: 'G' },
        { type: 'init_group', member: [a, b], group_name: 'G', description: 'D' },
        { type: 'init_group', member: [a, b], group_name: 'G', history: true },
        { type: 'init_personal', member: [a, b] },
      ];
      for (const other of others) await alice.refused({ ...other, client_id: 'one' }, 'client_id_conflict');
      if ((await countOf(alice)) !== 1) throw alice.failure('a refused init opened a conversation');
    },
    { proves: ['G3'] },
  ),
  rule(
    'V309',
    'the same init at once on several connections makes one group',
    async (scene) => {
      const [a, b] = await scene.users(2);
      const peers = await Promise.all([1, 2, 3, 4].map(() => scene.connect(a)));
      const frame = { type: 'init_group', member: [a, b], group_name: 'G', client_id: 'once' };
      const refs = peers.map((peer) => {
        const ref = peer.newRef();
        peer.send({ ...frame, ref });
        return ref;
      });
      const ids = new Set<number>();
      for (const [at, peer] of peers.entries()) {
        const { json } = await peer.next('the answer');
        const { conv_id, type, ref } = json as {
          readonly conv_id: number;
          readonly type: string;
          readonly ref: number;
        };
        if (type !== 'conversation_ready' || ref !== refs[at]) throw peer.failure(`got ${JSON.stringify(json)}`);
        ids.add(conv_id);
      }
      if (ids.size !== 1) throw new Error(`expected 1 group, got ${ids.size}`);
    },
    { proves: ['G3'] },
  ),
  rule(
    'V310',
    'client ids of inits are each user’s own',
    async (scene) => {
      const [a, b] = await scene.users(2);
      const [alice, bob] = await Promise.all([scene.connect(a), scene.connect(b)]);
      const { conv_id: hers } = await alice.ask(
        { type: 'init_group', member: [a, b], group_name: 'G', client_id: 'mine' },
        ready('group', true),
      );
      const { conv_id: his } = await bob.ask(
        { type: 'init_group', member: [a, b], group_name: 'G', client_id: 'mine' },
        ready('group', true),
      );
      if (hers === his) throw new Error('expected two groups');
    },
    { proves: ['G3'] },
  ),
  rule('V311', 'who only creates a group is its owner and may be alone in it', async (scene) => {
    const [a] = await scene.users(1);
    const alice = await scene.connect(a);
    const group = await openGroup(alice, [], { name: 'Notes to self', description: 'D' });
    const member = { user_id: a, name: alice.welcome.name, role: 'owner', delivered_seq: 0, seen_seq: 0 } as const;
    await alice.ask(
      { type: 'members', conv_id: group },
      { type: 'members', conv_id: group, members: [member], next: null },
    );
    await say(alice, 'group', group, 'a note', { seq: 1 });
  }),
  rule('V312', 'a new conversation is told to every session of its members, on every node, once', async (scene) => {
    const [a, b, c] = await scene.users(3);
    const alice = await scene.connect(a);
    const others = await Promise.all([scene.greet(a), scene.greet(b), scene.greet(b), scene.greet(c)]);
    const [second, ...rest] = others;
    const [bob, , carol] = rest;
    for (const peer of others) await peer.expectNext({ type: 'sync_complete', conversations: 0 });
    const told = (conv_id: number, kind: 'personal' | 'group') =>
      ({ type: 'synced', conv_id, kind, seq: 0, recovered: 0 }) as const;
    const personal = await openPersonal(alice, b);
    for (const peer of others.slice(0, 3)) await peer.expectNext(told(personal, 'personal'));
    // It was there already.
    await bob?.ask({ type: 'init_personal', member: [a, b] }, ready('personal', false, { conv_id: personal }));
    const group = await openGroup(alice, [b, c]);
    for (const peer of [second, ...rest]) await peer?.expectNext(told(group, 'group'));
    await carol?.ask(
      { type: 'members', conv_id: group },
      { type: 'members', conv_id: group, members: listOf(anything), next: null },
    );
  }),
];
