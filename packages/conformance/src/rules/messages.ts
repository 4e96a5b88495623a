import { ackOf, openGroup, pair, say, sayAll, sentBy, trio } from '../chat.ts';
import type { CurrentPeer } from '../current-peer.ts';
import { anId } from '../pattern.ts';
import { rule } from '../rule.ts';

const BODIES = [
  ' ',
  '\u0000\u0001\u001f\u007f',
  'line one\nline two\r\n\ttabbed',
  '"quoted" \\backslash\\ /slash/',
  'Grüße, 世界, Здравствуй, שלום, مرحبا',
  '😀👩‍👩‍👧‍👦🏳️‍🌈 e\u0301 \u200b\ufeff\u2028\u2029',
  '{"type":"ack","message_id":1}',
  '0',
  'null',
];

/** V40x: what a message is to those who get it. */
export const messageRules = [
  rule(
    'V401',
    'the others get every field of the legacy frame, in its order, then seq, sender_id and client_id; the ack says the same',
    async (scene) => {
      const { alice, bob, conversation } = await pair(scene);
      const { frame } = await say(alice, 'personal', conversation, 'hello', { clientId: 'c-1', seq: 1 });
      await bob.expectNext(frame);
    },
    { proves: ['L4', 'L8', 'L9'] },
  ),
  rule(
    'V402',
    'the session that sent gets its ack and no message; the user’s other sessions get the message',
    async (scene) => {
      const { a, alice, bob, conversation } = await pair(scene);
      const others = await Promise.all([scene.greet(a), scene.greet(a)]);
      for (const other of others) other.ignore('synced', 'sync_complete');
      const { frame } = await say(alice, 'personal', conversation, 'hello');
      for (const other of [...others, bob]) await other.expect(frame);
      const back = await say(others[0] as CurrentPeer, 'personal', conversation, 'from another');
      for (const other of [alice, others[1] as CurrentPeer, bob]) await other.expect(back.frame);
    },
    { proves: ['L14', 'G4'] },
  ),
  rule(
    'V403',
    'a group message reaches every member on every node, and every session of each',
    async (scene) => {
      const { a, b, c, alice, bob, carol, group } = await trio(scene);
      const more = await Promise.all([a, b, c].map((user) => scene.greet(user)));
      for (const peer of more) peer.ignore('synced', 'sync_complete');
      const { frame } = await say(alice, 'group', group, 'to all');
      for (const peer of [bob, carol, ...more]) await peer.expect(frame);
      const back = await say(carol, 'group', group, 'and back');
      for (const peer of [alice, bob, ...more]) await peer.expect(back.frame);
    },
    { proves: ['G4', 'L11', 'L14'] },
  ),
  rule('V404', 'a text arrives as it was sent, every character of it', async (scene) => {
    const { alice, bob, conversation } = await pair(scene);
    for (const body of BODIES) await bob.expectNext((await say(alice, 'personal', conversation, body)).frame);
  }),
  rule('V405', 'the largest text arrives, and one byte more is refused', async (scene) => {
    const { alice, bob, conversation } = await pair(scene);
    const { max_message_bytes: max } = alice.welcome.limits;
    const inBytes = 'ä'.repeat(Math.floor(max / 2)) + 'x'.repeat(max % 2);
    await bob.expectNext((await say(alice, 'personal', conversation, inBytes, { seq: 1 })).frame);
    const send = { type: 'personal', conv_id: conversation, msg: `${inBytes}x` };
    await alice.refused(send, 'message_too_large');
    await bob.expectNext((await say(alice, 'personal', conversation, 'x'.repeat(max), { seq: 2 })).frame);
  }),
  rule(
    'V406',
    'who is not a member gets nothing',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const group = await openGroup(alice, [b]);
      const [c] = await scene.crowd(1);
      const carol = await scene.connect(c as number);
      for (const [kind, id] of [
        ['personal', conversation],
        ['group', group],
      ] as const) {
        await bob.expectNext((await say(alice, kind, id, 'secret')).frame);
      }
      // A conversation of all three comes the same way, behind what carol may not have.
      const all = await openGroup(alice, [b, c as number]);
      const { frame } = await say(alice, 'group', all, 'for all');
      await bob.expectNext(frame);
      await carol.expectNext(frame);
      for (const id of [conversation, group]) {
        await carol.refused({ type: 'history', conv_id: id }, 'not_a_member');
        await carol.refused({ type: 'members', conv_id: id }, 'not_a_member');
      }
    },
    { proves: ['G7'] },
  ),
  rule(
    'V407',
    'many conversations at once: each arrives in order, without gap, once',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const groups = await Promise.all([1, 2, 3, 4].map(() => openGroup(alice, [b])));
      const targets = [['personal', conversation], ...groups.map((id) => ['group', id])] as [
        'personal' | 'group',
        number,
      ][];
      const bodies = Array.from({ length: 30 }, (_value, at) => `m${at}`);
      const sent = await Promise.all(targets.map(([kind, id]) => sayAll(alice, kind, id, bodies)));
      for (const messages of sent) for (const { frame } of messages) await bob.expect(frame);
    },
    { proves: ['G2', 'G4', 'G5'] },
  ),
  rule(
    'V408',
    'the answer to a send does not wait for who gets it, and the other may be away',
    async (scene) => {
      const [a, b] = await scene.users(2);
      const alice = await scene.connect(a);
      await scene.connect(b).then((bob) => bob.drop());
      const ready = { type: 'conversation_ready', conv_id: anId, kind: 'personal', created: true } as const;
      const { conv_id } = await alice.ask({ type: 'init_personal', member: [a, b] }, ready);
      const ack = await alice.ask({ type: 'personal', conv_id, msg: 'for later' }, ackOf(conv_id));
      const bob = await scene.greet(b);
      await bob.expectNext(sentBy(alice, 'personal', 'for later', ack).frame);
      await bob.expectNext({ type: 'synced', conv_id, kind: 'personal', seq: 1, recovered: 1 });
      await bob.synced();
    },
    { proves: ['G4'] },
  ),
];
