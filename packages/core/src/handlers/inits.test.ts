import { expect, it } from 'vitest';
import { CurrentPeer } from '../testing/current-peer.ts';
import { LoneNode } from '../testing/lone-node.ts';

const error = (name: string) => expect.objectContaining({ type: 'error', name });

async function peers(count: number): Promise<{ lone: LoneNode; peers: [CurrentPeer, CurrentPeer] }> {
  const lone = new LoneNode();
  await lone.node.start();
  const all: CurrentPeer[] = [];
  for (let id = 1; id <= count; id++) all.push(await CurrentPeer.signIn(lone, id));
  return { lone, peers: all as [CurrentPeer, CurrentPeer] };
}

it('G3: a repeated init_group has the first answer, whatever the order of the members and the local id', async () => {
  const { lone, peers: all } = await peers(3);
  const [creator, other] = all;
  const init = { type: 'init_group', member: [1, 2, 3], group_name: 'g', description: 'd', client_id: 'c' };
  const first = await creator.ask({ ...init, conv_id: 'mine' });
  expect(first).toEqual({
    type: 'conversation_ready',
    conv_id: first.conv_id,
    kind: 'group',
    local_conv_id: 'mine',
    created: true,
  });
  const { local_conv_id: _, ...rest } = first;
  const again = await CurrentPeer.signIn(lone, 1);
  expect(await again.ask({ ...init, member: [3, 1, 2, 1] })).toEqual({ ...rest, duplicate: true });
  for (const change of [{ group_name: 'h' }, { description: '' }, { member: [1, 2] }, { history: true }]) {
    expect(await again.ask({ ...init, ...change })).toEqual(error('client_id_conflict'));
  }
  expect(await again.ask({ type: 'init_personal', member: [1, 2], client_id: 'c' })).toEqual(
    error('client_id_conflict'),
  );
  // Client ids are each user's own.
  expect(await other.ask(init)).toMatchObject({ type: 'conversation_ready', created: true });
  expect(lone.stores.state.conversations.size).toBe(2);
  // Without one, each request makes a group, as ever.
  for (let i = 0; i < 2; i++) await creator.ask({ type: 'init_group', member: [1], group_name: 'g' });
  expect(lone.stores.state.conversations.size).toBe(4);
  await lone.node.stop();
});

it('G3: a repeated init_personal has the first answer, also one that found the conversation open', async () => {
  const { lone, peers: all } = await peers(2);
  const [one, two] = all;
  const init = { type: 'init_personal', member: [1, 2], client_id: 'c' };
  const first = await one.ask(init);
  expect(first).toMatchObject({ type: 'conversation_ready', kind: 'personal', created: true });
  expect(first).not.toHaveProperty('local_conv_id');
  expect(await one.ask({ ...init, member: [2, 1] })).toEqual({ ...first, duplicate: true });
  expect(await one.ask({ ...init, member: [1, 3] })).toEqual(error('client_id_conflict'));
  expect(await two.ask(init)).toEqual({ ...first, created: false });
  expect(await two.ask(init)).toEqual({ ...first, created: false, duplicate: true });
  expect(lone.stores.state.conversations.size).toBe(1);
  await lone.node.stop();
});

it('G7: a group shows its history to who joins later only when it says so', async () => {
  const { lone, peers: all } = await peers(2);
  const [creator, late] = all;
  for (const history of [false, true]) {
    const { conv_id } = await creator.ask({ type: 'init_group', member: [1], group_name: 'g', history });
    await creator.ask({ type: 'group', conv_id, msg: 'before' });
    await creator.ask({ type: 'group_add', conv_id, user_id: [2] });
    const page = await late.ask({ type: 'history', conv_id });
    expect((page.messages as { seq: number }[]).map(({ seq }) => seq)).toEqual(history ? [1, 2] : [2]);
    expect(page.more).toBe(false);
  }
  await lone.node.stop();
});
