import { openGroup, openPersonal, type Sent, say, sayAll, serverClientId, tell } from '../chat.ts';
import { change } from '../group-change.ts';
import { anything, aTimestamp, listOf } from '../pattern.ts';
import { rule } from '../rule.ts';
import type { Scene } from '../scene.ts';
import { memberReaches, statusReaches } from '../statuses.ts';

/** Alice has a current client, Bob an old one. */
async function oldAndNew(scene: Scene) {
  const [a, b] = await scene.users(2);
  const [alice, bob] = await Promise.all([scene.connect(a), scene.legacy(b)]);
  const conversation = await openPersonal(alice, b);
  return { a, b, alice, bob, conversation };
}

/** The frame that a current client gets of a message that an old one sent. */
const fromOld = (
  scene: { readonly name: string; readonly user: number },
  conv_id: number,
  message_id: number,
  seq: number,
  msg: string,
  type: 'personal' | 'group',
) =>
  ({
    conv_id,
    message_id,
    msg,
    sender: scene.name,
    timestamp: aTimestamp,
    type,
    seq,
    sender_id: scene.user,
    client_id: serverClientId,
  }) as const;

/** V110x: old and new clients in one conversation. */
export const legacyRules = [
  rule(
    'V1101',
    'messages go both ways, each protocol with its own fields',
    async (scene) => {
      const { b, alice, bob, conversation } = await oldAndNew(scene);
      alice.ignore('status');
      const { frame } = await say(alice, 'personal', conversation, 'from the new „😀“', { seq: 1 });
      const { conv_id, message_id, msg, sender, timestamp, type } = frame;
      await bob.expectMessage({ conv_id, message_id, msg, sender, timestamp, type });
      const name = await nameOf(alice, conversation, b);
      const id = await bob.say('personal', conversation, 'from the old');
      await alice.expectNext(fromOld({ name, user: b }, conversation, id, 2, 'from the old', 'personal'));
    },
    { proves: ['L3', 'L4', 'G4'] },
  ),
  rule(
    'V1102',
    'an old client opens conversations that new ones are in',
    async (scene) => {
      const [a, b] = await scene.users(2);
      const [alice, bob] = await Promise.all([scene.connect(a), scene.legacy(b)]);
      const personal = await bob.initPersonal([a, b]);
      const group = await bob.initGroup([a, b]);
      const one = await bob.say('personal', personal, 'one');
      const two = await bob.say('group', group, 'two');
      const name = await nameOf(alice, personal, b);
      await alice.expect(fromOld({ name, user: b }, personal, one, 1, 'one', 'personal'));
      await alice.expect(fromOld({ name, user: b }, group, two, 1, 'two', 'group'));
      if ((await openPersonal(alice, b)) !== personal) throw alice.failure('expected the conversation that Bob opened');
    },
    { proves: ['L2', 'L5', 'L12'] },
  ),
  rule(
    'V1103',
    'an old client proves delivery by its pong, and exact seen ids are told to the sender',
    async (scene) => {
      const { b, alice, bob, conversation } = await oldAndNew(scene);
      const sent = await sayAll(alice, 'personal', conversation, ['one', 'two', 'three']);
      for (const { frame } of sent) await bob.expectMessage({ ...legacyOf(frame) });
      await statusReaches(alice, conversation, b, { delivered: 3, seen: 0 });
      const second = (sent[1] as (typeof sent)[number]).message_id;
      bob.send({ type: 'seen', message_id: [second] });
      await statusReaches(alice, conversation, b, { delivered: 3, seen: 0, messageIds: [second] });
    },
    { proves: ['L7', 'L10', 'G6'], slow: true },
  ),
  rule(
    'V1104',
    'an old client hears nothing of receipts, typing, presence and events',
    async (scene) => {
      const { b, alice, bob, conversation } = await oldAndNew(scene);
      const group = await openGroup(alice, [b]);
      alice.ignore('status');
      const id = await bob.say('personal', conversation, 'hello');
      await alice.next('the message');
      await tell(alice, { type: 'seen', message_id: [id] });
      await tell(alice, { type: 'seen', conv_id: conversation, seq: 1 });
      await tell(alice, { type: 'typing', conv_id: conversation });
      await tell(alice, { type: 'typing', conv_id: group });
      await change(
        alice,
        { type: 'group_rename', conv_id: group, group_name: 'Renamed' },
        { kind: 'renamed', group_name: 'Renamed' },
      );
      await memberReaches(scene, alice, conversation, alice.user, 1, 1);
      for (const [type, conv] of [
        ['personal', conversation],
        ['group', group],
      ] as const) {
        const { frame } = await say(alice, type, conv, 'fence');
        await bob.expectMessage(legacyOf(frame));
      }
      await bob.fence();
      bob.expectNothing();
    },
    { proves: ['L15'] },
  ),
  rule(
    'V1105',
    'an old client that was away gets the messages of a group and none of its events',
    async (scene) => {
      const { b, alice, bob } = await oldAndNew(scene);
      const group = await openGroup(alice, [b]);
      bob.drop();
      const first = await say(alice, 'group', group, 'one', { seq: 1 });
      await change(
        alice,
        { type: 'group_describe', conv_id: group, description: 'D' },
        { kind: 'described', description: 'D' },
      );
      const third = await say(alice, 'group', group, 'three', { seq: 3 });
      const again = await scene.legacy(b);
      await again.expectMessage(legacyOf(first.frame));
      await again.expectMessage(legacyOf(third.frame));
      await statusReaches(alice, group, b, { delivered: 3, seen: 0 });
    },
    { proves: ['L11', 'G4'], slow: true },
  ),
  rule(
    'V1106',
    'one user with an old and a new client: each gets what the other sends',
    async (scene) => {
      const { a, b, alice, bob, conversation } = await oldAndNew(scene);
      alice.ignore('status');
      const old = await scene.legacy(a);
      const fresh = await scene.greet(b);
      fresh.ignore('synced', 'sync_complete', 'status');
      const { frame } = await say(alice, 'personal', conversation, 'one', { seq: 1 });
      for (const peer of [old, bob]) await peer.expectMessage(legacyOf(frame));
      await fresh.expect(frame);
      const id = await bob.say('personal', conversation, 'two');
      const told = fromOld({ name: fresh.welcome.name, user: b }, conversation, id, 2, 'two', 'personal');
      for (const peer of [alice, fresh]) await peer.expect(told);
      await old.expectMessage({
        conv_id: conversation,
        message_id: id,
        msg: 'two',
        sender: fresh.welcome.name,
        type: 'personal',
      });
    },
    { proves: ['L14', 'G4'] },
  ),
  rule(
    'V1107',
    'what an old client was delivered is not pending for a new one, which its cursors may read all the same',
    async (scene) => {
      const { b, alice, bob, conversation } = await oldAndNew(scene);
      const { frame } = await say(alice, 'personal', conversation, 'one', { seq: 1 });
      await bob.expectMessage(legacyOf(frame));
      await statusReaches(alice, conversation, b, { delivered: 1, seen: 0 });
      bob.drop();
      const server = await scene.greet(b, { cursors: 'server' });
      const synced = { type: 'synced', conv_id: conversation, kind: 'personal', seq: 1 } as const;
      await server.expectSequence([{ ...synced, recovered: 0 }, COMPLETE]);
      const cursor = await scene.greet(b, { cursors: { [conversation]: 0 } });
      await cursor.expectSequence([frame, { ...synced, recovered: 1 }, COMPLETE]);
    },
    { proves: ['G4', 'L10'], slow: true },
  ),
  rule(
    'V1108',
    'an old client’s errors have no ref and no new fields',
    async (scene) => {
      const { bob, conversation } = await oldAndNew(scene);
      for (const [frame, name] of [
        [{ type: 'ping', ref: 1 }, 'unknown_type'],
        [{ type: 'group', conv_id: conversation, msg: 'm', ref: 1 }, 'wrong_conversation_type'],
        [{ type: 'history', conv_id: conversation, ref: 1 }, 'unknown_type'],
        [{ type: 'personal', conv_id: conversation, msg: '', ref: 1 }, 'invalid_frame'],
      ] as const) {
        bob.send(frame);
        await bob.expectError(name);
      }
      bob.send({ type: 'hello', v: 2, user_id: 1 });
      await bob.expectError('unknown_type');
    },
    { proves: ['L15'] },
  ),
  rule(
    'V1109',
    'a removed old client sends and gets nothing more',
    async (scene) => {
      const { b, alice, bob } = await oldAndNew(scene);
      const group = await openGroup(alice, [b]);
      alice.ignore('status');
      await bob.expectMessage(legacyOf((await say(alice, 'group', group, 'one', { seq: 1 })).frame));
      await change(alice, { type: 'group_remove', conv_id: group, user_id: b }, { kind: 'removed', user_id: b });
      await say(alice, 'group', group, 'secret', { seq: 3 });
      bob.send({ type: 'group', conv_id: group, msg: 'let me in' });
      await bob.expectError('not_a_member');
      const other = await openGroup(alice, [b]);
      await bob.expectMessage(legacyOf((await say(alice, 'group', other, 'fence', { seq: 1 })).frame));
    },
    { proves: ['G7'] },
  ),
  rule(
    'V1110',
    'a blocked old client is told so',
    async (scene) => {
      const { b, alice, bob, conversation } = await oldAndNew(scene);
      await tell(alice, { type: 'block', user_id: b });
      bob.send({ type: 'personal', conv_id: conversation, msg: 'hello?' });
      await bob.expectError('blocked');
      await tell(alice, { type: 'unblock', user_id: b });
      await bob.say('personal', conversation, 'thanks');
      await alice.next('the message');
    },
    { proves: ['G7', 'L15'] },
  ),
];

const COMPLETE = { type: 'sync_complete', conversations: 1 } as const;

/** What an old client gets of it. */
function legacyOf({ conv_id, message_id, msg, sender, timestamp, type }: Sent['frame']) {
  return { conv_id, message_id, msg, sender, timestamp, type };
}

async function nameOf(
  peer: Awaited<ReturnType<Scene['connect']>>,
  conversation: number,
  user: number,
): Promise<string> {
  const frame = { type: 'members', conv_id: conversation };
  const { members } = await peer.ask(frame, {
    type: 'members',
    conv_id: conversation,
    members: listOf(anything),
    next: null,
  });
  return (
    (members as readonly { readonly user_id: number; readonly name: string }[]).find(({ user_id }) => user_id === user)
      ?.name ?? ''
  );
}
