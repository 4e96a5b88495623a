import { openGroup, openPersonal, pair, say } from '../chat.ts';
import type { CurrentPeer } from '../current-peer.ts';
import { anId, anything, aTimestamp, listOf, textLike } from '../pattern.ts';
import { rule } from '../rule.ts';

/** Every request and what it is answered with, between two users who share a personal conversation and a group. */
interface Stage {
  readonly b: number;
  readonly conversation: number;
  readonly group: number;
  readonly messageId: number;
}

const REQUESTS: readonly (readonly [frame: (stage: Stage) => object, answer: string])[] = [
  [({ conversation }) => ({ type: 'personal', conv_id: conversation, msg: 'm' }), 'ack'],
  [({ group }) => ({ type: 'group', conv_id: group, msg: 'm' }), 'ack'],
  [({ b }) => ({ type: 'init_personal', member: [b, 0] }), 'error'],
  [() => ({ type: 'conversations' }), 'conversations'],
  [({ group }) => ({ type: 'history', conv_id: group }), 'history'],
  [({ group }) => ({ type: 'members', conv_id: group }), 'members'],
  [({ messageId }) => ({ type: 'message_status', message_id: messageId }), 'message_status'],
  [({ b }) => ({ type: 'presence', user_id: [b] }), 'presence'],
  [({ b }) => ({ type: 'watch', user_id: [b] }), 'presence'],
  [({ group }) => ({ type: 'group_rename', conv_id: group, group_name: 'another' }), 'ack'],
  [({ group }) => ({ type: 'group_describe', conv_id: group, description: 'another' }), 'ack'],
  [({ b, group }) => ({ type: 'group_role', conv_id: group, user_id: b, role: 'admin' }), 'ack'],
  [({ b, group }) => ({ type: 'group_remove', conv_id: group, user_id: b }), 'ack'],
  [({ b, group }) => ({ type: 'group_add', conv_id: group, user_id: [b] }), 'ack'],
  [({ b, group }) => ({ type: 'group_transfer', conv_id: group, user_id: b }), 'ack'],
  [({ group }) => ({ type: 'group_leave', conv_id: group }), 'ack'],
  [({ b }) => ({ type: 'block', user_id: b }), 'ok'],
  [({ b }) => ({ type: 'unblock', user_id: b }), 'ok'],
  [() => ({ type: 'ping' }), 'pong'],
];

const NOTICES: readonly ((stage: Stage) => object)[] = [
  ({ conversation }) => ({ type: 'delivered', conv_id: conversation, seq: 1 }),
  ({ conversation }) => ({ type: 'seen', conv_id: conversation, seq: 1 }),
  ({ messageId }) => ({ type: 'seen', message_id: [messageId] }),
  ({ conversation }) => ({ type: 'typing', conv_id: conversation, active: false }),
  ({ b }) => ({ type: 'unwatch', user_id: [b] }),
];

/** Notices of something that is not the sender's. */
const WRONG_NOTICES: readonly (readonly [
  frame: object,
  error: 'not_a_member' | 'unknown_message' | 'invalid_frame',
])[] = [
  [{ type: 'delivered', conv_id: Number.MAX_SAFE_INTEGER, seq: 1 }, 'not_a_member'],
  [{ type: 'seen', conv_id: Number.MAX_SAFE_INTEGER, seq: 1 }, 'not_a_member'],
  [{ type: 'seen', message_id: [Number.MAX_SAFE_INTEGER] }, 'unknown_message'],
  [{ type: 'typing', conv_id: Number.MAX_SAFE_INTEGER }, 'not_a_member'],
  [{ type: 'unwatch', user_id: [] }, 'invalid_frame'],
];

async function stageOf(alice: CurrentPeer, bob: CurrentPeer): Promise<Stage> {
  const conversation = await openPersonal(alice, bob.user);
  const group = await openGroup(alice, [bob.user]);
  const { frame } = await say(bob, 'personal', conversation, 'from bob');
  await alice.expect(frame);
  const { message_id: messageId } = await say(alice, 'personal', conversation, 'from alice');
  return { b: bob.user, conversation, group, messageId };
}

const BAD_REFS = [1.5, -1, '', 'r'.repeat(65), { id: 1 }, [1], true, null, 2 ** 53];

/** V20x: refs, answers and what is no request. */
export const requestRules = [
  rule('V201', 'a ref, an integer or a text, comes back as it was; without one there is none', async (scene) => {
    const [a] = await scene.users(1);
    const alice = await scene.connect(a);
    for (const ref of [0, 1, 2 ** 53 - 1, 'r', '1', 'ein „Zeichen“ 😀', 'r'.repeat(64)]) {
      alice.send({ type: 'ping', ref });
      await alice.expectNext({ type: 'pong', ref, time: aTimestamp });
    }
    alice.send({ type: 'ping' });
    await alice.expectNext({ type: 'pong', time: aTimestamp });
  }),
  rule('V202', 'a ref that is none is refused', async (scene) => {
    const [a] = await scene.users(1);
    const alice = await scene.connect(a);
    for (const ref of BAD_REFS) {
      alice.send({ type: 'ping', ref });
      await alice.expectError('invalid_frame');
    }
  }),
  rule('V203', 'every request gets exactly one answer, with its ref', async (scene) => {
    const [a, b] = await scene.users(2);
    const [alice, bob] = await Promise.all([scene.connect(a), scene.connect(b)]);
    const stage = await stageOf(alice, bob);
    alice.ignore('event');
    bob.ignore('personal', 'group', 'event', 'typing');
    for (const [frame, type] of REQUESTS) {
      const ref = alice.newRef();
      alice.send({ ...frame(stage), ref });
      const { json } = await alice.next(`${type} with ref ${ref}`);
      const answer = json as Readonly<Record<string, unknown>>;
      if (answer.ref !== ref || answer.type !== type)
        throw alice.failure(`expected ${type} with ref ${ref}, got ${JSON.stringify(answer)}`);
    }
  }),
  rule('V204', 'requests without a ref are answered too, without one', async (scene) => {
    const [a, b] = await scene.users(2);
    const [alice, bob] = await Promise.all([scene.connect(a), scene.connect(b)]);
    const stage = await stageOf(alice, bob);
    alice.ignore('event');
    bob.ignore('personal', 'group', 'event', 'typing');
    for (const [frame, type] of REQUESTS) {
      alice.send(frame(stage));
      const { json } = await alice.next(`${type} without ref`);
      const answer = json as Readonly<Record<string, unknown>>;
      if ('ref' in answer || answer.type !== type)
        throw alice.failure(`expected ${type} without ref, got ${JSON.stringify(answer)}`);
    }
  }),
  rule('V205', 'a notice is answered with ok when it has a ref, and not at all when it has none', async (scene) => {
    const [a, b] = await scene.users(2);
    const [alice, bob] = await Promise.all([scene.connect(a), scene.connect(b)]);
    const stage = await stageOf(alice, bob);
    bob.ignore('personal', 'status', 'typing');
    await alice.ask({ type: 'watch', user_id: [b] }, { type: 'presence', users: listOf(anything, 1) });
    for (const notice of NOTICES) {
      alice.send(notice(stage));
      await alice.fence();
      alice.expectNothing();
      await alice.ask(notice(stage), { type: 'ok' });
    }
  }),
  rule('V206', 'a notice that is refused is answered with an error, ref or not', async (scene) => {
    const [a] = await scene.users(1);
    const alice = await scene.connect(a);
    for (const [notice, error] of WRONG_NOTICES) {
      await alice.refused(notice, error);
      alice.send(notice);
      await alice.expectError(error);
    }
  }),
  rule('V207', 'an unknown type is refused, naming the known ones', async (scene) => {
    const [a] = await scene.users(1);
    const alice = await scene.connect(a);
    const known = [
      'personal',
      'init_group',
      'delivered',
      'history',
      'message_status',
      'group_transfer',
      'refresh',
      'bye',
    ];
    for (const frame of [{ type: 'greeting' }, { type: 'Personal' }, { type: 'ack' }, { type: 7 }, {}]) {
      const message = await alice.refused(frame, 'unknown_type');
      const missing = known.filter((type) => !new RegExp(`\\b${type}\\b`).test(message));
      if (missing.length > 0) throw alice.failure(`the message does not name ${missing.join(', ')}: ${message}`);
    }
  }),
  rule('V208', 'what is no JSON object is refused and the session lives on', async (scene) => {
    const { alice, bob, conversation } = await pair(scene);
    for (const text of ['', 'hello', '{', '[]', '7', 'null', '"ping"', '{"type":"ping"} {}']) {
      alice.sendText(text);
      await alice.expectError('invalid_json');
    }
    alice.sendBinary(Buffer.from('{"type":"ping"}'));
    await alice.expectError('binary_frame');
    await bob.expect((await say(alice, 'personal', conversation, 'alive', { seq: 1 })).frame);
  }),
  rule('V209', 'unknown fields of a request are passed over', async (scene) => {
    const { alice, bob, conversation } = await pair(scene);
    const extra = { fancy: { nested: true }, reply_to: 7, V: 3 };
    await alice.ask({ type: 'ping', ...extra }, { type: 'pong', time: aTimestamp });
    const send = { type: 'personal', conv_id: conversation, msg: 'm', ...extra };
    const ack = { type: 'ack', conv_id: conversation, message_id: anId, seq: 1, timestamp: aTimestamp } as const;
    const { message_id } = await alice.ask(send, { ...ack, client_id: textLike(/^~/) });
    const told = {
      type: 'personal',
      conv_id: conversation,
      message_id,
      msg: 'm',
      seq: 1,
      sender_id: alice.user,
    } as const;
    await bob.expect({ ...told, sender: alice.welcome.name, timestamp: aTimestamp, client_id: textLike(/^~/) });
    await bob.ask(
      { type: 'conversations', ...extra },
      { type: 'conversations', conversations: listOf(anything, 1), next: null },
    );
  }),
];
