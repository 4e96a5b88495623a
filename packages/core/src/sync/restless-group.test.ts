import { expect, it } from 'vitest';
import { CurrentPeer, type Told } from '../testing/current-peer.ts';
import { LoneNode } from '../testing/lone-node.ts';
import type { Membership } from '../types.ts';

const OWNER = 1;
const MEMBER = 2;

interface Stage {
  readonly lone: LoneNode;
  readonly owner: CurrentPeer;
  /** A group of the two with five messages. */
  readonly group: number;
  readonly personal: number;
}

/** @param onRead whatever happens between a read of the member's standing and its arrival */
async function stage(onRead: (rows: readonly Membership[]) => Promise<readonly Membership[]>): Promise<Stage> {
  const read = async (rows: readonly Membership[]): Promise<Membership[]> => [...(await onRead(rows))];
  const lone = new LoneNode({
    faults: ({ conversations }) => ({
      conversations: {
        membersOf: async (...asked) => read(await conversations.membersOf(...asked)),
        profilesOf: async (...asked) => {
          const profiles = await conversations.profilesOf(...asked);
          for (const [id, profile] of profiles)
            profiles.set(id, { ...profile, memberships: await read(profile.memberships) });
          return profiles;
        },
      },
    }),
  });
  await lone.node.start();
  const owner = await CurrentPeer.signIn(lone, OWNER);
  const { conv_id: group } = await owner.ask({ type: 'init_group', member: [OWNER, MEMBER], group_name: 'g' });
  const { conv_id: personal } = await owner.ask({ type: 'init_personal', member: [OWNER, MEMBER] });
  for (let n = 1; n <= 5; n++) await owner.ask({ type: 'group', conv_id: group, msg: `m${n}` });
  return { lone, owner, group: group as number, personal: personal as number };
}

const seqs = (told: readonly Told[]): unknown[] => told.map(({ seq }) => seq);

it('G4 G8: a group whose members change all the time delays itself, and neither the sign-in nor other conversations', async () => {
  let restless = false;
  let reads = 0;
  const { lone, owner, group, personal } = await stage(async (rows) => {
    reads++;
    // By the time that it arrives, somebody else was added or removed.
    const older = (row: Membership): Membership => ({ ...row, membersVersion: row.membersVersion - 1 });
    return restless ? rows.map((row) => (row.userId === MEMBER && row.kind === 'group' ? older(row) : row)) : rows;
  });
  restless = true;
  reads = 0;
  const cursors = { [group]: 3, [personal]: 0 };
  const peer = await CurrentPeer.signIn(lone, MEMBER, { cursors, groups: [group], epoch: 'epoch-1' });
  const old = lone.connect();
  old.say(String(MEMBER));
  await lone.clock.settle();
  expect(peer.told('synced', 'reset')).toMatchObject([{ type: 'synced', conv_id: personal }]);
  expect(peer.told('sync_complete')).toEqual([{ type: 'sync_complete', conversations: 1 }]);
  expect(old.frames).toEqual([`user id ${MEMBER} received`]);
  expect(await peer.ask({ type: 'group', conv_id: group, msg: 'x' })).toMatchObject({
    type: 'error',
    name: 'store_unavailable',
  });
  expect(await peer.ask({ type: 'personal', conv_id: personal, msg: 'x' })).toMatchObject({ type: 'ack' });
  await owner.ask({ type: 'group', conv_id: group, msg: 'm6' });
  await lone.clock.advanceAsync(10_000);
  expect(peer.told('group')).toEqual([]);
  // Ten rounds for each of the two sessions, for the send, and once a second.
  expect(reads).toBeLessThan(150);

  restless = false;
  await lone.clock.advanceAsync(2_000);
  await owner.ask({ type: 'group', conv_id: group, msg: 'm7' });
  expect(seqs(peer.told('group'))).toEqual([4, 5, 6, 7]);
  expect(peer.told('synced').at(-1)).toEqual({ type: 'synced', conv_id: group, kind: 'group', seq: 6, recovered: 3 });
  expect(old.frames.slice(1).filter((frame) => frame.includes('"group"'))).toHaveLength(7);
  expect(await peer.ask({ type: 'group', conv_id: group, msg: 'x' })).toMatchObject({ type: 'ack', seq: 8 });
  const readsNow = reads;
  await lone.clock.advanceAsync(5_000);
  expect(reads).toBe(readsNow);
  await lone.node.stop();
});

it('G7 G8: whoever is removed and added again in a loop while it signs in is signed in, and gets each message once', async () => {
  let loop: (() => Promise<void>) | null = null;
  let reads = 0;
  const { lone, owner, group, personal } = await stage(async (rows) => {
    if (loop === null || rows.every(({ userId, kind }) => userId !== MEMBER || kind !== 'group')) return rows;
    reads++;
    const change = loop;
    loop = null;
    await change();
    loop = change;
    return rows;
  });
  const change = async (frame: object): Promise<void> => {
    const ref = owner.say({ ...frame, conv_id: group });
    for (let turn = 0; turn < 1_000; turn++) {
      await Promise.resolve();
      if (owner.told().some((told) => told.ref === ref)) return;
    }
    throw new Error('no answer');
  };
  const other = await CurrentPeer.signIn(lone, MEMBER);
  loop = async () => {
    await change({ type: 'group_remove', user_id: MEMBER });
    await change({ type: 'group_add', user_id: [MEMBER] });
    for (let turn = 0; turn < 200; turn++) await Promise.resolve();
  };
  const cursors = { [group]: 3, [personal]: 0 };
  const connection = lone.connect();
  connection.say({ type: 'hello', v: 2, user_id: MEMBER, cursors, groups: [group], epoch: 'epoch-1' });
  await lone.clock.advanceAsync(20);
  const told = (): Told[] => connection.frames.map((frame) => JSON.parse(frame) as Told);
  expect(told().filter(({ type }) => type === 'welcome')).toHaveLength(1);
  expect(told().filter(({ type }) => type === 'sync_complete')).toHaveLength(1);
  // Five times from the beginning, each with ten rounds.
  expect(reads).toBeLessThanOrEqual(5 * 11);
  loop = null;
  await lone.clock.advanceAsync(5_000);
  await owner.ask({ type: 'group', conv_id: group, msg: 'at last' });
  const events = (frames: readonly Told[]): number[] =>
    frames
      .filter(({ type, conv_id }) => conv_id === group && (type === 'group' || type === 'event'))
      .map((frame) => frame.seq as number);
  const got = events(told());
  expect(got.at(-1)).toBe(events(other.told()).at(-1));
  expect(got).toEqual([...new Set(got)].sort((a, b) => a - b));
  expect(told().filter(({ type }) => type === 'reset')).toEqual([]);
  await lone.node.stop();
});

it.each([
  ['ahead', 'epoch-1'],
  ['epoch', 'of a store that was put back'],
])(
  'G1: a device is told at once to forget what it has of such a group beyond the store (%s)',
  async (reason, epoch) => {
    let restless = false;
    const older = (row: Membership): Membership => ({ ...row, membersVersion: row.membersVersion - 1 });
    const { lone, owner, group } = await stage(async (rows) =>
      restless ? rows.map((row) => (row.userId === MEMBER && row.kind === 'group' ? older(row) : row)) : rows,
    );
    restless = true;
    const cursors = { [group]: 9 };
    const peer = await CurrentPeer.signIn(lone, MEMBER, { cursors, groups: [group], epoch });
    expect(peer.told('reset')).toEqual([{ type: 'reset', conv_id: group, kind: 'group', seq: 5, reason }]);
    await owner.ask({ type: 'group', conv_id: group, msg: 'm6' });
    restless = false;
    await lone.clock.advanceAsync(2_000);
    await owner.ask({ type: 'group', conv_id: group, msg: 'm7' });
    expect(seqs(peer.told('group'))).toEqual([6, 7]);
    expect(peer.told('reset')).toHaveLength(1);
    expect(peer.told('synced').at(-1)).toMatchObject({ conv_id: group, seq: 6, recovered: 1 });
    await lone.node.stop();
  },
);
