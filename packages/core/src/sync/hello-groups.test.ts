import { expect, it } from 'vitest';
import { CurrentPeer } from '../testing/current-peer.ts';
import { LoneNode } from '../testing/lone-node.ts';

const MEMBER = 1;
const OTHER = 2;
const STRANGER = 9;

it('G4 G7: a stranger who calls a personal conversation a group, as its members sign in, changes nothing for them', async () => {
  const lone = new LoneNode();
  await lone.node.start();
  const conv_id = await lone.openPersonal(MEMBER, OTHER);
  const stranger = lone.connect();
  stranger.say({ type: 'hello', v: 2, user_id: STRANGER, cursors: { [conv_id]: 0 }, groups: [conv_id] });
  const member = await CurrentPeer.signIn(lone, MEMBER);
  const other = await CurrentPeer.signIn(lone, OTHER, { groups: [conv_id] });
  expect(await member.ask({ type: 'personal', conv_id, msg: 'hi' })).toMatchObject({ type: 'ack', seq: 1 });
  expect(other.told('personal')).toMatchObject([{ conv_id, msg: 'hi' }]);
  expect(member.told('synced')).toEqual([{ type: 'synced', conv_id, kind: 'personal', seq: 0, recovered: 0 }]);
  expect(stranger.frames.filter((frame) => frame.includes('"msg"'))).toEqual([]);
  await lone.node.stop();
});

it('G8: what clients call groups leaves no topic behind, whatever it is', async () => {
  const lone = new LoneNode({ settings: { leaveGraceMs: 1_000 } });
  await lone.node.start();
  const conv_id = await lone.openPersonal(MEMBER, OTHER);
  const member = await CurrentPeer.signIn(lone, MEMBER, { groups: [conv_id, conv_id, 77] });
  const stranger = await CurrentPeer.signIn(lone, STRANGER, { groups: [conv_id, 78] });
  await lone.clock.advanceAsync(5_000);
  expect(lone.node.status()).toMatchObject({ users: 2, topics: 2, feeds: 1 });
  for (const { connection } of [member, stranger]) connection.hangUp();
  await lone.clock.advanceAsync(5_000);
  expect(lone.node.status()).toMatchObject({ users: 0, topics: 0, feeds: 0 });
  await lone.node.stop();
});

it('G8: a client that names groups it is not in is believed a thousand times in ten minutes, not more', async () => {
  let reads = 0;
  const lone = new LoneNode({
    settings: { leaveGraceMs: 1_000 },
    faults: ({ conversations }) => ({
      conversations: {
        membersOf: (...asked) => {
          reads++;
          return conversations.membersOf(...asked);
        },
      },
    }),
  });
  await lone.node.start();
  const own: number[] = [];
  for (let n = 0; n < 3; n++) {
    await lone.stores.conversations.ensureUsers([MEMBER, STRANGER]);
    const group = { creatorId: STRANGER, memberIds: [MEMBER, STRANGER], name: 'g', description: '' };
    const made = await lone.stores.conversations.createGroup(group);
    if (made.ok) own.push(made.conversationId);
  }
  let invented = 10_000;
  /** @returns how many topics the node has joined more */
  const greet = async (user: number, groups: number[]): Promise<number> => {
    await lone.clock.advanceAsync(5_000);
    const before = lone.node.status().topics;
    const peer = await CurrentPeer.signIn(lone, user, { groups });
    const joined = lone.node.status().topics - before;
    expect(peer.told('synced')).toHaveLength(3);
    peer.connection.hangUp();
    return joined;
  };
  const made = (count: number): number[] => Array.from({ length: count }, () => invented++);
  expect(await greet(STRANGER, [...own, ...made(600)])).toBe(604);
  expect(await greet(STRANGER, [...own, ...made(600)])).toBe(401);
  expect(reads).toBe(0);
  expect(await greet(STRANGER, [...made(600), ...own])).toBe(7);
  // Its own groups, which come after the last that is believed, are joined when they have been read, and read again then.
  expect(reads).toBe(1);
  expect(await greet(STRANGER, [...made(600), ...own])).toBe(4);
  expect(reads).toBe(2);
  // Nobody else has to do with it, and whoever names its own groups never has.
  for (let n = 0; n < 5; n++) expect(await greet(MEMBER, own)).toBe(4);
  expect(reads).toBe(2);
  await lone.clock.advanceAsync(600_000);
  expect(await greet(STRANGER, [...own, ...made(600)])).toBe(604);
  expect(reads).toBe(2);
  await lone.node.stop();
});

it('G8: ten thousand cursors and as many groups are each answered once', async () => {
  const lone = new LoneNode();
  await lone.node.start();
  const ids = Array.from({ length: 10_000 }, (_, n) => 1_000 + n);
  const cursors = Object.fromEntries(ids.map((id) => [id, 1]));
  const peer = await CurrentPeer.signIn(lone, MEMBER, { cursors, groups: [...ids].reverse() });
  expect(peer.told('reset')).toHaveLength(10_000);
  expect(peer.told('reset').every(({ kind }) => kind === 'group')).toBe(true);
  expect(peer.told('sync_complete')).toEqual([{ type: 'sync_complete', conversations: 10_000 }]);
  await lone.node.stop();
});
