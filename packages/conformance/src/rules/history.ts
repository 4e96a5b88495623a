import { openGroup, pair, say, sayAll, tell } from '../chat.ts';
import type { CurrentPeer } from '../current-peer.ts';
import {
  aBoolean,
  anId,
  anything,
  aText,
  aTimestamp,
  differences,
  like,
  listOf,
  type PatternFields,
} from '../pattern.ts';
import { rule } from '../rule.ts';
import type { Scene } from '../scene.ts';

const bodies = (count: number): readonly string[] => Array.from({ length: count }, (_value, at) => `m${at + 1}`);

/** V704 to V709: what is in a conversation, who is, and how far each has it. */
export const historyRules = [
  rule(
    'V704',
    'history pages from the newest back, and forwards, with what it takes to know the end',
    async (scene) => {
      const { alice, bob, conversation } = await pair(scene);
      const sent = (await sayAll(alice, 'personal', conversation, bodies(25))).map(({ frame }) => frame);
      await bob.expectSequence(sent);
      const part = (from: number, to: number, more: boolean) =>
        ({ type: 'history', conv_id: conversation, messages: sent.slice(from - 1, to), more }) as const;
      const ask = async (fields: object, answer: ReturnType<typeof part>): Promise<void> => {
        for (const peer of [alice, bob]) await peer.ask({ type: 'history', conv_id: conversation, ...fields }, answer);
      };
      await ask({}, part(1, 25, false));
      await ask({ limit: 10 }, part(16, 25, true));
      await ask({ before: 16, limit: 10 }, part(6, 15, true));
      await ask({ before: 6, limit: 10 }, part(1, 5, false));
      await ask({ before: 6, limit: 5 }, part(1, 5, false));
      await ask({ before: 1 }, part(1, 0, false));
      await ask({ before: 1_000_000, limit: 2 }, part(24, 25, true));
      await ask({ after: 0, limit: 10 }, part(1, 10, true));
      await ask({ after: 20, limit: 4 }, part(21, 24, true));
      await ask({ after: 20, limit: 5 }, part(21, 25, false));
      await ask({ after: 25 }, part(1, 0, false));
      await ask({ after: 1_000_000 }, part(1, 0, false));
    },
  ),
  rule('V705', 'members shows who is in it, in pages', async (scene) => {
    const { b, alice, bob, conversation } = await pair(scene);
    const more = await scene.crowd(4);
    const group = await openGroup(alice, [b, ...more]);
    const all = [alice.user, b, ...more];
    const member = (user: number, others: PatternFields = {}) =>
      ({ user_id: user, name: aText, role: 'member', delivered_seq: 0, seen_seq: 0, ...others }) as const;
    const shown = all.map((user) =>
      member(user, user === alice.user ? { role: 'owner', name: alice.welcome.name } : {}),
    );
    const answer = (from: number, to: number, next: number | null) =>
      ({ type: 'members', conv_id: group, members: shown.slice(from, to), next }) as const;
    await bob.ask({ type: 'members', conv_id: group }, answer(0, 6, null));
    await bob.ask({ type: 'members', conv_id: group, limit: 4 }, answer(0, 4, all[3] as number));
    await bob.ask({ type: 'members', conv_id: group, limit: 4, after: all[3] }, answer(4, 6, null));
    const two = [alice, bob].map((peer) => member(peer.user, { name: peer.welcome.name }));
    await alice.ask(
      { type: 'members', conv_id: conversation },
      { type: 'members', conv_id: conversation, members: two, next: null },
    );
  }),
  rule(
    'V706',
    'message_status tells of each recipient how far a personal message got, and when',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const [one, two, three] = await sayAll(alice, 'personal', conversation, bodies(3));
      const sent = [one, two, three] as Awaited<ReturnType<typeof say>>[];
      await bob.expectSequence(sent.map(({ frame }) => frame));
      await tell(bob, { type: 'seen', message_id: [sent[1]?.message_id] });
      await tell(bob, { type: 'delivered', conv_id: conversation, seq: 2 });
      const status = (index: number, users: readonly PatternFields[]) =>
        reaches(scene, alice, sent[index], conversation, users);
      await status(1, [{ user_id: b, status: 'seen', delivered_at: aTimestamp, seen_at: aTimestamp }]);
      await status(0, [{ user_id: b, status: 'delivered', delivered_at: aTimestamp, seen_at: null }]);
      await status(2, [{ user_id: b, status: 'sent', delivered_at: null, seen_at: null }]);
      await tell(bob, { type: 'seen', conv_id: conversation, seq: 3 });
      await status(2, [{ user_id: b, status: 'seen', delivered_at: aTimestamp, seen_at: aTimestamp }]);
      await status(0, [{ user_id: b, status: 'seen', delivered_at: aTimestamp, seen_at: aTimestamp }]);
      alice.ignore('status');
    },
    { proves: ['G6'] },
  ),
  rule(
    'V707',
    'message_status tells of each member but the sender how far a group message got',
    async (scene) => {
      const [a, b, c] = await scene.users(3);
      const [alice, bob, carol] = await Promise.all([scene.connect(a), scene.connect(b), scene.connect(c)]);
      const group = await openGroup(alice, [b, c]);
      const sent = await say(alice, 'group', group, 'm1');
      for (const peer of [bob, carol]) await peer.expectNext(sent.frame);
      const none = (user: number) => ({ user_id: user, status: 'sent', delivered_at: null, seen_at: null }) as const;
      await reaches(scene, bob, sent, group, [none(b), none(c)]);
      await tell(bob, { type: 'seen', conv_id: group, seq: 1 });
      await tell(carol, { type: 'delivered', conv_id: group, seq: 1 });
      const seen = { user_id: b, status: 'seen', delivered_at: aTimestamp, seen_at: aTimestamp } as const;
      const delivered = { user_id: c, status: 'delivered', delivered_at: aTimestamp, seen_at: null } as const;
      await reaches(scene, alice, sent, group, [seen, delivered]);
      for (const peer of [alice, bob, carol]) peer.ignore('status');
    },
    { proves: ['G6'] },
  ),
  rule(
    'V708',
    'who is not a member reads nothing',
    async (scene) => {
      const { b, alice, bob, conversation } = await pair(scene);
      const sent = await say(alice, 'personal', conversation, 'secret');
      await bob.expectNext(sent.frame);
      const group = await openGroup(alice, [b]);
      const [c] = await scene.crowd(1);
      const carol = await scene.connect(c as number);
      for (const conv_id of [conversation, group, Number.MAX_SAFE_INTEGER]) {
        await carol.refused({ type: 'history', conv_id }, 'not_a_member');
        await carol.refused({ type: 'members', conv_id }, 'not_a_member');
        await carol.ask(
          { type: 'conversations', conv_id: [conv_id] },
          { type: 'conversations', conversations: [], next: null },
        );
      }
      await carol.refused({ type: 'message_status', message_id: sent.message_id }, 'unknown_message');
      await carol.refused({ type: 'message_status', message_id: Number.MAX_SAFE_INTEGER }, 'unknown_message');
    },
    { proves: ['G7'] },
  ),
  rule(
    'V709',
    'a page of history holds large messages too, in as many pages as it takes',
    async (scene) => {
      const { alice, bob, conversation } = await pair(scene);
      const large = 'x'.repeat(30_000);
      const sent = (
        await sayAll(
          alice,
          'personal',
          conversation,
          Array.from({ length: 40 }, () => large),
        )
      ).map(({ frame }) => frame);
      await bob.expectSequence(sent);
      const seqs: number[] = [];
      for (let after = 0, more = true; more; ) {
        const frame = { type: 'history', conv_id: conversation, after, limit: 200 };
        const answer: HistoryPage = await bob.ask(frame, {
          type: 'history',
          conv_id: conversation,
          messages: listOf(like({ msg: large, seq: anId })),
          more: aBoolean,
        });
        if (answer.messages.length === 0) throw bob.failure('a page without messages says that there are more');
        seqs.push(...answer.messages.map(({ seq }) => seq));
        after = seqs.at(-1) as number;
        more = answer.more;
      }
      if (seqs.join() !== sent.map(({ seq }) => seq).join())
        throw bob.failure(`expected 1 to 40, got ${seqs.join(', ')}`);
    },
    { proves: ['G8'] },
  ),
];

type HistoryPage = { readonly messages: readonly { readonly seq: number }[]; readonly more: boolean };

/** Asks until the receipts have been written. */
function reaches(
  scene: Scene,
  peer: CurrentPeer,
  sent: Awaited<ReturnType<typeof say>> | undefined,
  conv_id: number,
  users: readonly PatternFields[],
): Promise<void> {
  const { message_id, seq } = sent as Awaited<ReturnType<typeof say>>;
  return scene.eventually(`the status of message ${seq} to be ${JSON.stringify(users)}`, async () => {
    const answer = { type: 'message_status', message_id, conv_id, seq, users: listOf(anything, users.length) } as const;
    const told = await peer.ask({ type: 'message_status', message_id }, answer);
    return differences(told.users, users).length === 0;
  });
}
