import { openGroup, openPersonal, pair, say, sayAll, tell } from '../chat.ts';
import type { CurrentPeer } from '../current-peer.ts';
import { anything, integer, listOf, type PatternFields } from '../pattern.ts';
import { rule } from '../rule.ts';
import { memberReaches } from '../statuses.ts';

const bodies = (count: number, name = 'm'): readonly string[] =>
  Array.from({ length: count }, (_value, at) => `${name}${at + 1}`);

const synced = (conv_id: number, seq: number, recovered: number, kind: 'personal' | 'group' = 'personal') =>
  ({ type: 'synced', conv_id, kind, seq, recovered }) as const;
const complete = (conversations: number) => ({ type: 'sync_complete', conversations }) as const;

/** V60x: what a device missed, told when it comes back. */
export const resumeRules = [
  rule(
    'V601',
    'without cursors, or with "server", a user gets what it has not confirmed, in order, on any node, until it does',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const sent = await sayAll(alice, 'personal', conversation, bodies(5));
      await bob.expectSequence(sent.map(({ frame }) => frame));
      bob.drop();
      for (const [node, cursors] of [
        [0, undefined],
        [1, 'server'],
        [2, 'server'],
      ] as const) {
        const again = await scene.greet(b, { node, ...(cursors === undefined ? {} : { cursors }) });
        await again.expectSequence([...sent.map(({ frame }) => frame), synced(conversation, 5, 5), complete(1)]);
        again.drop();
      }
      const last = await scene.greet(b);
      await last.expectSequence([...sent.map(({ frame }) => frame), synced(conversation, 5, 5), complete(1)]);
      await tell(last, { type: 'delivered', conv_id: conversation, seq: 3 });
      await memberReaches(scene, last, conversation, b, 3, 0);
      last.drop();
      const rest = sent.slice(3).map(({ frame }) => frame);
      const after = await scene.greet(b, { cursors: 'server' });
      await after.expectSequence([...rest, synced(conversation, 5, 2), complete(1)]);
      alice.ignore('status');
    },
    { proves: ['G4', 'G5'] },
  ),
  rule(
    'V602',
    'with cursors, a device gets what is above them, also what the user confirmed elsewhere and what it sent itself',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const sent = await sayAll(alice, 'personal', conversation, bodies(4));
      await bob.expectSequence(sent.map(({ frame }) => frame));
      const own = await say(bob, 'personal', conversation, 'own', { seq: 5 });
      await alice.expectNext(own.frame);
      await tell(bob, { type: 'seen', conv_id: conversation, seq: 4 });
      await memberReaches(scene, bob, conversation, b, 4, 4);
      alice.ignore('status');
      const all = [...sent, own].map(({ frame }) => frame);
      for (const cursor of [0, 2, 4, 5]) {
        const again = await scene.greet(b, { cursors: { [conversation]: cursor } });
        const missed = all.slice(cursor);
        await again.expectSequence([...missed, synced(conversation, 5, missed.length), complete(1)]);
        again.drop();
      }
    },
    { proves: ['G4', 'G5'] },
  ),
  rule(
    'V603',
    'conversations that the cursors do not name go on from what the server knows',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const group = await openGroup(alice, [b]);
      const one = await sayAll(alice, 'personal', conversation, bodies(2));
      const two = await sayAll(alice, 'group', group, bodies(3));
      for (const { frame } of [...one, ...two]) await bob.expect(frame);
      await tell(bob, { type: 'delivered', conv_id: group, seq: 2 });
      await memberReaches(scene, bob, group, b, 2, 0);
      alice.ignore('status');
      const again = await scene.greet(b, { cursors: { [conversation]: 1 } });
      await again.expect(synced(conversation, 2, 1));
      await again.expect(synced(group, 3, 1, 'group'));
      await again.expect((one[1] as (typeof one)[number]).frame);
      await again.expect((two[2] as (typeof two)[number]).frame);
      await again.expect(complete(2));
    },
    { proves: ['G4'] },
  ),
  rule(
    'V604',
    'a cursor of a conversation that is not the user’s, or not there, is reset to nothing',
    async (scene) => {
      const { alice, bob, conversation } = await pair(scene);
      await bob.expectNext((await say(alice, 'personal', conversation, 'secret')).frame);
      const [c] = await scene.crowd(1);
      const carol = await scene.greet(c as number, { cursors: { [conversation]: 0, [Number.MAX_SAFE_INTEGER]: 3 } });
      for (const conv_id of [conversation, Number.MAX_SAFE_INTEGER]) {
        await carol.expect({ type: 'reset', conv_id, kind: 'personal', seq: 0, reason: 'ahead' });
      }
      await carol.expectNext(complete(2));
    },
    { proves: ['G7'] },
  ),
  rule(
    'V605',
    'a conversation without news costs one synced, with nothing recovered',
    async (scene) => {
      const { a, b, alice, bob, conversation } = await pair(scene);
      bob.ignore('group');
      const group = await openGroup(alice, [b]);
      await sayAll(alice, 'group', group, bodies(3));
      const again = await scene.greet(a, { cursors: { [group]: 3, [conversation]: 0 }, hello: { groups: [group] } });
      await again.expect(synced(conversation, 0, 0));
      await again.expect(synced(group, 3, 0, 'group'));
      await again.expect(complete(2));
      again.expectNothing();
    },
    { proves: ['G4'] },
  ),
  rule(
    'V606',
    'what is sent while a device comes back arrives once, behind what it missed',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      bob.drop();
      const before = await sayAll(alice, 'personal', conversation, bodies(100));
      const [during, again] = await Promise.all([
        sayAll(alice, 'personal', conversation, bodies(100, 'd')),
        scene.greet(b, { cursors: 'server' }),
      ]);
      again.ignore('synced', 'sync_complete');
      const after = await say(alice, 'personal', conversation, 'after');
      await again.expectSequence([...before, ...during, after].map(({ frame }) => frame));
    },
    { proves: ['G4', 'G5'] },
  ),
  rule(
    'V607',
    'a hundred reconnects to changing nodes in the middle of a stream: everything once, in order',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      bob.drop();
      const frames: PatternFields[] = [];
      let cursor = 0;
      for (let round = 0; round < 100; round++) {
        const sending = sayAll(alice, 'personal', conversation, bodies(3, `${round}.`));
        const again = await scene.greet(b, { node: round, cursors: { [conversation]: cursor } });
        again.ignore('synced', 'sync_complete');
        frames.push(...(await sending).map(({ frame }) => frame));
        // Some have arrived, by backlog or live; at least one step forward each time.
        const upto = Math.min(frames.length, cursor + 1 + (round % 5));
        await again.expectSequence(frames.slice(cursor, upto));
        cursor = upto;
        again.drop();
      }
      const last = await scene.greet(b, { cursors: { [conversation]: cursor } });
      await last.expectSequence(frames.slice(cursor));
      await last.expect(synced(conversation, frames.length, frames.length - cursor));
      await last.expect(complete(1));
    },
    { proves: ['G4', 'G5'], slow: true },
  ),
  rule(
    'V608',
    'a thousand conversations without news: one synced each, nothing recovered',
    async (scene) => {
      const [a] = await scene.users(1);
      const alice = await scene.connect(a);
      const count = 1_000;
      const groups: number[] = [];
      // A few at a time: what the server makes of a thousand at once is not this rule's business.
      for (const step = 10; groups.length < count; ) {
        groups.push(...(await Promise.all(Array.from({ length: step }, () => openGroup(alice, [])))));
      }
      const cursors = Object.fromEntries(groups.map((id) => [id, 0]));
      const again = await scene.greet(a, { cursors, hello: { groups } });
      const told = new Set<number>();
      for (let at = 0; at < count; at++) {
        const { conv_id } = await again.expectNext({ ...synced(0, 0, 0, 'group'), conv_id: integer(1) });
        told.add(conv_id);
      }
      await again.expectNext(complete(count));
      if (told.size !== count) throw again.failure(`expected each conversation once, got ${told.size} different ones`);
    },
    { proves: ['G8'], slow: true },
  ),
  rule(
    'V609',
    'a cursor beyond the last message is reset, and the conversation goes on live behind the seq told',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const sent = await sayAll(alice, 'personal', conversation, bodies(2));
      await bob.expectSequence(sent.map(({ frame }) => frame));
      bob.drop();
      const again = await scene.greet(b, { cursors: { [conversation]: 3 } });
      await again.expectSequence([resetOf(conversation, 2, 'ahead'), complete(1)]);
      await again.expectNext((await say(alice, 'personal', conversation, 'live', { seq: 3 })).frame);
      await historyIs(again, conversation, 3);
    },
    { proves: ['G4'] },
  ),
  rule(
    'V610',
    'cursors of another epoch are reset, those of this epoch are good',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const sent = await sayAll(alice, 'personal', conversation, bodies(2));
      await bob.expectSequence(sent.map(({ frame }) => frame));
      const { epoch } = bob.welcome;
      bob.drop();
      const cursors = { [conversation]: 1 };
      const same = await scene.greet(b, { cursors, hello: { epoch } });
      await same.expectSequence([(sent[1] as (typeof sent)[number]).frame, synced(conversation, 2, 1), complete(1)]);
      same.drop();
      const other = await scene.greet(b, { cursors, hello: { epoch: 'of another store' } });
      await other.expectSequence([resetOf(conversation, 2, 'epoch'), complete(1)]);
      await other.expectNext((await say(alice, 'personal', conversation, 'live', { seq: 3 })).frame);
      await historyIs(other, conversation, 3);
    },
    { proves: ['G4'] },
  ),
  rule(
    'V611',
    'a conversation that is opened while one is connected goes on live at once',
    async (scene) => {
      const [a, b] = await scene.users(2);
      const [alice, bob] = await Promise.all([scene.connect(a), scene.connect(b)]);
      const conversation = await openPersonal(alice, b);
      await bob.expectNext((await say(alice, 'personal', conversation, 'first', { seq: 1 })).frame);
    },
    { proves: ['G4'] },
  ),
];

const resetOf = (conv_id: number, seq: number, reason: 'ahead' | 'epoch') =>
  ({ type: 'reset', conv_id, kind: 'personal', seq, reason }) as const;

/** What a device does after a reset: it reads again. */
async function historyIs(peer: CurrentPeer, conv_id: number, count: number): Promise<void> {
  const page = { type: 'history', conv_id, messages: listOf(anything, count), more: false } as const;
  await peer.ask({ type: 'history', conv_id }, page);
}
