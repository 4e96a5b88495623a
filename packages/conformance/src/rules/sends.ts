import { ackOf, openGroup, openPersonal, pair, say, sayAll, sentBy, trio } from '../chat.ts';
import type { CurrentPeer } from '../current-peer.ts';
import { optional } from '../pattern.ts';
import { rule } from '../rule.ts';

const NOWHERE = Number.MAX_SAFE_INTEGER;

/** V32x: sends and what makes them safe to repeat. */
export const sendRules = [
  rule(
    'V320',
    'a send is acknowledged with its number, 1, 2, 3 …, and a client id made by the server when there was none',
    async (scene) => {
      const { alice, bob, conversation } = await pair(scene);
      for (const seq of [1, 2, 3])
        await bob.expect((await say(alice, 'personal', conversation, `m${seq}`, { seq })).frame);
      await alice.expect((await say(bob, 'personal', conversation, 'm4', { seq: 4 })).frame);
    },
    { proves: ['G1', 'G2', 'L3'] },
  ),
  rule(
    'V321',
    'sends of one session to one conversation are numbered in their order, without waiting for acks',
    async (scene) => {
      const { alice, bob, conversation } = await pair(scene);
      const bodies = Array.from({ length: 100 }, (_value, at) => `m${at + 1}`);
      const sent = await sayAll(alice, 'personal', conversation, bodies);
      for (const [at, { seq }] of sent.entries()) if (seq !== at + 1) throw alice.failure(`m${at + 1} got seq ${seq}`);
      await bob.expectSequence(sent.map(({ frame }) => frame));
    },
    { proves: ['G2', 'G5'] },
  ),
  rule(
    'V322',
    'whatever nodes write to it, a conversation is numbered without gap or repeat, and all see one order',
    async (scene) => {
      const { alice, bob, carol, group } = await trio(scene);
      const each = 40;
      const bodies = (name: string) => Array.from({ length: each }, (_value, at) => `${name} ${at}`);
      const [hers, his, carols] = await Promise.all([
        sayAll(alice, 'group', group, bodies('alice')),
        sayAll(bob, 'group', group, bodies('bob')),
        sayAll(carol, 'group', group, bodies('carol')),
      ]);
      const all = [...hers, ...his, ...carols].sort((one, other) => one.seq - other.seq);
      for (const [at, { seq }] of all.entries())
        if (seq !== at + 1) throw new Error(`expected seq ${at + 1}, got ${seq}`);
      for (const peer of [alice, bob, carol]) {
        await peer.expectSequence(all.map(({ frame }) => frame).filter(({ sender_id }) => sender_id !== peer.user));
      }
    },
    { proves: ['G2', 'G4', 'G5'] },
  ),
  rule(
    'V323',
    'a repeated send gets the first numbers with duplicate, stores nothing and tells nobody',
    async (scene) => {
      const { alice, bob, conversation } = await pair(scene);
      const first = await say(alice, 'personal', conversation, 'once', { clientId: 'c-1', seq: 1 });
      await bob.expectNext(first.frame);
      await repeat(alice, 'personal', conversation, first);
      await repeat(alice, 'personal', conversation, first);
      await bob.expectNext((await say(alice, 'personal', conversation, 'next', { seq: 2 })).frame);
    },
    { proves: ['G3'] },
  ),
  rule(
    'V324',
    'the repeat may come on another connection and another node, later, and from a new session',
    async (scene) => {
      const { a, alice, bob, conversation } = await pair(scene);
      const first = await say(alice, 'personal', conversation, 'once', { clientId: 'c-1' });
      await bob.expectNext(first.frame);
      const others = await Promise.all([0, 1, 2].map((node) => scene.greet(a, { node })));
      for (const other of others) other.ignore('synced', 'sync_complete', 'personal');
      alice.drop();
      for (const other of others) await repeat(other, 'personal', conversation, first);
      await bob.expectNext((await say(others[0] as CurrentPeer, 'personal', conversation, 'next', { seq: 2 })).frame);
    },
    { proves: ['G3'] },
  ),
  rule(
    'V325',
    'the same send at once on several nodes is stored once, and one ack is no duplicate',
    async (scene) => {
      const { a, alice, bob, conversation } = await pair(scene);
      const others = await Promise.all([0, 1, 2].map((node) => scene.greet(a, { node })));
      const peers = [alice, ...others];
      for (const peer of peers) peer.ignore('synced', 'sync_complete', 'personal');
      for (let round = 1; round <= 10; round++) {
        const clientId = `c-${round}`;
        const send = { type: 'personal', conv_id: conversation, msg: 'at once', client_id: clientId, ref: clientId };
        for (const peer of peers) peer.send(send);
        const answer = { ...ackOf(conversation, clientId), seq: round, ref: clientId, duplicate: optional(true) };
        const acks = await Promise.all(peers.map((peer) => peer.expect(answer)));
        const ids = new Set(acks.map(({ message_id }) => message_id));
        const firsts = acks.filter((ack) => !('duplicate' in ack)).length;
        if (ids.size !== 1 || firsts !== 1) {
          throw new Error(`expected one message and one first ack, got ${ids.size} and ${firsts}`);
        }
        await bob.expectNext(sentBy(alice, 'personal', 'at once', acks[0] as (typeof acks)[number]).frame);
      }
    },
    { proves: ['G3'] },
  ),
  rule(
    'V326',
    'a used client id with another body is refused, and nothing is stored',
    async (scene) => {
      const { alice, bob, conversation } = await pair(scene);
      const send = { type: 'personal', conv_id: conversation, msg: 'once', client_id: 'c-1' };
      const first = await say(alice, 'personal', conversation, 'once', { clientId: 'c-1' });
      await bob.expectNext(first.frame);
      await alice.refused({ ...send, msg: 'Once' }, 'client_id_conflict');
      await alice.refused({ ...send, msg: 'once ' }, 'client_id_conflict');
      await repeat(alice, 'personal', conversation, first);
      await bob.expectNext((await say(alice, 'personal', conversation, 'next', { seq: 2 })).frame);
    },
    { proves: ['G3'] },
  ),
  rule(
    'V327',
    'a client id is good per user and conversation, and case counts',
    async (scene) => {
      const { b, alice, bob, carol, group } = await trio(scene);
      const conversation = await openPersonal(alice, b);
      bob.ignore('group', 'personal');
      carol.ignore('group');
      alice.ignore('group');
      await say(alice, 'group', group, 'one', { clientId: 'id', seq: 1 });
      await say(alice, 'personal', conversation, 'two', { clientId: 'id', seq: 1 });
      await say(bob, 'group', group, 'three', { clientId: 'id', seq: 2 });
      await say(alice, 'group', group, 'four', { clientId: 'ID', seq: 3 });
    },
    { proves: ['G3'] },
  ),
  rule('V328', 'a client id is 1 to 64 printable characters of ASCII', async (scene) => {
    const { alice, bob, conversation } = await pair(scene);
    for (const clientId of ['!', '}~', '0123456789'.repeat(6).concat('abcd'), '<&"\\/>']) {
      await bob.expectNext((await say(alice, 'personal', conversation, `by ${clientId}`, { clientId })).frame);
    }
  }),
  rule(
    'V329',
    'who is not a member is refused, also by what does not exist, and nothing is told',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const group = await openGroup(alice, [b]);
      const [c] = await scene.crowd(1);
      const carol = await scene.connect(c as number);
      await carol.refused({ type: 'personal', conv_id: conversation, msg: 'm' }, 'not_a_member');
      await carol.refused({ type: 'group', conv_id: group, msg: 'm' }, 'not_a_member');
      await carol.refused({ type: 'personal', conv_id: NOWHERE, msg: 'm' }, 'not_a_member');
      await carol.refused({ type: 'group', conv_id: NOWHERE, msg: 'm', client_id: 'c' }, 'not_a_member');
      await bob.expectNext((await say(alice, 'personal', conversation, 'm', { seq: 1 })).frame);
      await bob.expectNext((await say(alice, 'group', group, 'm', { seq: 1 })).frame);
    },
    { proves: ['G7'] },
  ),
  rule('V330', 'a send names the kind of its conversation', async (scene) => {
    const { b, alice, conversation } = await pair(scene);
    const group = await openGroup(alice, [b]);
    await alice.refused({ type: 'group', conv_id: conversation, msg: 'm' }, 'wrong_conversation_type');
    await alice.refused({ type: 'personal', conv_id: group, msg: 'm' }, 'wrong_conversation_type');
  }),
];

/** The same send again: the numbers of the first. */
async function repeat(
  peer: CurrentPeer,
  type: 'personal' | 'group',
  conv_id: number,
  { message_id, seq, timestamp, client_id, frame: { msg } }: Awaited<ReturnType<typeof say>>,
): Promise<void> {
  const ack = { type: 'ack', conv_id, message_id, seq, timestamp, client_id, duplicate: true } as const;
  await peer.ask({ type, conv_id, msg, client_id }, ack);
}
