import { openGroup, pair, say, sayAll, tell } from '../chat.ts';
import type { CurrentPeer } from '../current-peer.ts';
import { anId, anything, either, like, listOf, type Matcher, type Pattern, type PatternFields } from '../pattern.ts';
import { rule } from '../rule.ts';
import { memberReaches } from '../statuses.ts';

const bodies = (count: number): readonly string[] => Array.from({ length: count }, (_value, at) => `m${at + 1}`);

const nullable = either<Matcher<number> | null>(anId, null) as Matcher<number | null>;

/** Every summary of one page. */
const page = <P extends readonly Pattern[]>(summaries: P, next: number | null = null) =>
  ({ type: 'conversations', conversations: summaries, next }) as const;

const personalSummary = (conv_id: number, peer: PatternFields, others: PatternFields = {}) =>
  ({
    conv_id,
    kind: 'personal',
    peer,
    members: 2,
    role: 'member',
    seq: 0,
    first_seq: anything,
    unread: 0,
    delivered_seq: 0,
    seen_seq: 0,
    history: anything,
    last: null,
    left: false,
    ...others,
  }) as const;

const groupSummary = (conv_id: number, others: PatternFields = {}) =>
  ({
    conv_id,
    kind: 'group',
    group_name: 'Livescore',
    description: '',
    members: 2,
    role: 'member',
    seq: 0,
    first_seq: anything,
    unread: 0,
    delivered_seq: 0,
    seen_seq: 0,
    history: false,
    last: null,
    left: false,
    ...others,
  }) as const;

/** V701 to V703: the conversations of a user. */
export const readingRules = [
  rule('V701', 'conversations shows each with its kind, name, members, head and last message', async (scene) => {
    const { a, b, alice, bob, conversation } = await pair(scene);
    const group = await openGroup(alice, [b], { name: 'Livescore', description: 'A research group', history: true });
    const peer = { user_id: a, name: alice.welcome.name, blocked: false };
    const named = { description: 'A research group', history: true };
    const order = ascending(personalSummary(conversation, peer), groupSummary(group, named));
    await bob.ask({ type: 'conversations' }, page(order));
    const one = await say(alice, 'personal', conversation, 'one');
    const two = await say(alice, 'group', group, 'two');
    await bob.expect(one.frame);
    await bob.expect(two.frame);
    await bob.ask(
      { type: 'conversations' },
      page(
        ascending(
          personalSummary(conversation, peer, { seq: 1, first_seq: 1, unread: 1, last: one.frame }),
          groupSummary(group, { ...named, seq: 1, first_seq: 1, unread: 1, last: two.frame }),
        ),
      ),
    );
    await alice.ask(
      { type: 'conversations', conv_id: [group] },
      page([groupSummary(group, { ...named, role: 'owner', seq: 1, first_seq: 1, last: two.frame, ...UNHEEDED })]),
    );
  }),
  rule('V702', 'conversations comes in pages, in the order of the ids', async (scene) => {
    const [a] = await scene.users(1);
    const alice = await scene.connect(a);
    const ids: number[] = [];
    for (let at = 0; at < 7; at++) ids.push(await openGroup(alice, []));
    ids.sort((one, other) => one - other);
    const found: number[] = [];
    for (let after: number | null = 0, pages = 1; after !== null; pages++) {
      const answer: { next: number | null; conversations: { conv_id: number }[] } = await alice.ask(
        { type: 'conversations', after, limit: 3 },
        { type: 'conversations', conversations: listOf(like({ conv_id: anId })), next: nullable },
      );
      found.push(...answer.conversations.map(({ conv_id }) => conv_id));
      after = answer.next;
      if (pages > 4) throw alice.failure('the pages do not end');
    }
    if (found.join() !== ids.join()) throw alice.failure(`expected the conversations ${ids}, got ${found}`);
    const [second, third] = [ids[1] as number, ids[2] as number];
    const only = { type: 'conversations', conv_id: [third, second, Number.MAX_SAFE_INTEGER] };
    const shown = [like({ conv_id: second }), like({ conv_id: third })];
    await alice.ask(only, { type: 'conversations', conversations: shown, next: null });
  }),
  rule('V703', 'unread counts what others sent and one has not seen', async (scene) => {
    const { b, alice, bob, conversation } = await pair(scene);
    const unread = async (peer: CurrentPeer, count: number): Promise<void> => {
      await peer.ask({ type: 'conversations' }, page([like({ conv_id: conversation, unread: count })]));
    };
    const sent = await sayAll(alice, 'personal', conversation, bodies(5));
    await bob.expectSequence(sent.map(({ frame }) => frame));
    await unread(bob, 5);
    await unread(alice, 0);
    await tell(bob, { type: 'seen', conv_id: conversation, seq: 3 });
    await memberReaches(scene, bob, conversation, b, 3, 3);
    await unread(bob, 2);
    await alice.expect((await say(bob, 'personal', conversation, 'an answer')).frame);
    await unread(bob, 2);
    await unread(alice, 1);
    alice.ignore('status');
  }),
];

/** Own sends: how far one has them and whether they count as seen is the server's own business. */
const UNHEEDED = { delivered_seq: anything, seen_seq: anything };

function ascending(...summaries: readonly (PatternFields & { readonly conv_id: number })[]): readonly PatternFields[] {
  return [...summaries].sort((one, other) => one.conv_id - other.conv_id);
}
