import { ERROR_CODES } from '@parley/protocol';
import { type Kind, openGroup, pair, say, tell, trio } from '../chat.ts';
import type { CurrentPeer } from '../current-peer.ts';
import { aText, integer } from '../pattern.ts';
import { rule } from '../rule.ts';

const NOWHERE = Number.MAX_SAFE_INTEGER;

/** V80x: typing. */
export const typingRules = [
  rule('V801', 'typing is told to the other, on all sessions and nodes, and so is its end', async (scene) => {
    const { a, b, alice, bob, conversation: conv_id } = await pair(scene);
    const others = await Promise.all([scene.greet(b), scene.greet(b)]);
    for (const other of others) other.ignore('synced', 'sync_complete');
    await live(alice, 'personal', conv_id, [bob, ...others]);
    alice.send({ type: 'typing', conv_id });
    for (const peer of [bob, ...others]) await peer.expectNext({ type: 'typing', conv_id, user_id: a, active: true });
    await tell(alice, { type: 'typing', conv_id, active: false });
    for (const peer of [bob, ...others]) await peer.expectNext({ type: 'typing', conv_id, user_id: a, active: false });
  }),
  rule(
    'V802',
    'typing in a group is told to all members but the one who types, on none of its sessions',
    async (scene) => {
      const { a, b, alice, bob, carol, group: conv_id } = await trio(scene);
      const second = await scene.greet(a);
      second.ignore('synced', 'sync_complete');
      await live(alice, 'group', conv_id, [bob, carol, second]);
      await live(bob, 'group', conv_id, [alice, carol, second]);
      await tell(alice, { type: 'typing', conv_id });
      for (const peer of [bob, carol]) await peer.expectNext({ type: 'typing', conv_id, user_id: a, active: true });
      // What Bob types comes the same way, behind what Alice's other session may not have.
      await tell(bob, { type: 'typing', conv_id });
      for (const peer of [alice, second, carol])
        await peer.expectNext({ type: 'typing', conv_id, user_id: b, active: true });
    },
  ),
  rule(
    'V803',
    'only members may say that they type, and only members are told',
    async (scene) => {
      const { a, b, alice, bob, conversation } = await pair(scene);
      const group = await openGroup(alice, [b]);
      const [c] = await scene.crowd(1);
      const carol = await scene.connect(c as number);
      for (const conv_id of [conversation, group, NOWHERE]) {
        await carol.refused({ type: 'typing', conv_id }, 'not_a_member');
      }
      for (const [kind, conv_id] of [
        ['personal', conversation],
        ['group', group],
      ] as const) {
        await live(alice, kind, conv_id, [bob]);
        await tell(alice, { type: 'typing', conv_id });
        await bob.expectNext({ type: 'typing', conv_id, user_id: a, active: true });
      }
      const all = await openGroup(alice, [b, c as number]);
      await live(alice, 'group', all, [bob, carol]);
      await tell(alice, { type: 'typing', conv_id: all });
      for (const peer of [bob, carol])
        await peer.expectNext({ type: 'typing', conv_id: all, user_id: a, active: true });
    },
    { proves: ['G7'] },
  ),
  rule('V804', 'typing is not stored: who comes later is not told', async (scene) => {
    const { b, alice, bob, conversation: conv_id } = await pair(scene);
    await live(alice, 'personal', conv_id, [bob]);
    await tell(alice, { type: 'typing', conv_id });
    await bob.expectNext({ type: 'typing', conv_id, user_id: alice.user, active: true });
    bob.drop();
    const again = await scene.greet(b, { cursors: { [conv_id]: 1 } });
    await again.expectNext({ type: 'synced', conv_id, kind: 'personal', seq: 1, recovered: 0 });
    await again.synced();
  }),
  rule(
    'V805',
    'more than 10 typing frames in 10 s are refused, with the time to wait',
    async (scene) => {
      const { alice, bob, conversation: conv_id } = await pair(scene);
      await live(alice, 'personal', conv_id, [bob]);
      for (let count = 1; count <= 10; count++) await tell(alice, { type: 'typing', conv_id });
      const { code } = ERROR_CODES.rate_limited;
      const refusal = { type: 'error', code, name: 'rate_limited', message: aText, temporary: true } as const;
      await alice.ask({ type: 'typing', conv_id }, { ...refusal, retry_after_ms: integer(1, 10_000) });
      for (let count = 1; count <= 10; count++) {
        await bob.expectNext({ type: 'typing', conv_id, user_id: alice.user, active: true });
      }
      await tell(bob, { type: 'typing', conv_id });
      await alice.expectNext({ type: 'typing', conv_id, user_id: bob.user, active: true });
    },
    { proves: ['G8'] },
  ),
];

/** A message that all of them get: from here on the conversation is live for them. Typing is not kept for later. */
async function live(
  peer: CurrentPeer,
  kind: Kind,
  conversation: number,
  others: readonly CurrentPeer[],
): Promise<void> {
  const { frame } = await say(peer, kind, conversation, 'first of all');
  for (const other of others) await other.expectNext(frame);
}
