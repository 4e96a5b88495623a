import { LIMITS } from '@parley/protocol';
import { expect, it } from 'vitest';
import { CurrentPeer } from '../testing/current-peer.ts';
import { LoneNode } from '../testing/lone-node.ts';

const DEVICES = 100;

it('G8: when many devices come back at once, their statuses are read a few at a time, and for none that has gone', async () => {
  let reading = 0;
  let most = 0;
  let reads = 0;
  const lone: LoneNode = new LoneNode({
    faults: ({ reader }) => ({
      reader: {
        cursors: async (ids, maxRows) => {
          reads++;
          most = Math.max(most, ++reading);
          await new Promise<void>((resolve) => lone.clock.after(1_000, resolve));
          reading--;
          return reader.cursors(ids, maxRows);
        },
      },
    }),
  });
  await lone.node.start();
  const conv_id = await lone.openPersonal(1, 2);
  const other = await CurrentPeer.signIn(lone, 2);
  const sender = await CurrentPeer.signIn(lone, 1, { status_of: [] });
  await sender.ask({ type: 'personal', conv_id, msg: 'hi' });
  other.connection.say({ type: 'seen', conv_id, seq: 1 });
  await lone.clock.advanceAsync(5_000);
  reads = 0;
  const devices = [];
  const status_of = Array.from({ length: 1_000 }, () => conv_id);
  for (let n = 0; n < DEVICES; n++) devices.push(await CurrentPeer.signIn(lone, 1, { status_of }));
  for (const { connection } of devices.slice(DEVICES / 2)) connection.hangUp();
  await lone.clock.advanceAsync(20_000);
  for (const device of devices.slice(0, DEVICES / 2)) expect(device.told('status')).toMatchObject([{ seen_seq: 1 }]);
  expect(most).toBeLessThanOrEqual(32);
  expect(reads).toBeLessThan(DEVICES);
  await lone.node.stop();
});

it('G6 G8: the statuses of many members leave as the socket takes them, and come of all of them', async () => {
  const lone = new LoneNode();
  await lone.node.start();
  const { conversations, receipts } = lone.stores;
  const memberIds = Array.from({ length: 1_000 }, (_, at) => at + 1);
  await conversations.ensureUsers(memberIds);
  const groups: number[] = [];
  for (let n = 0; n < 7; n++) {
    const made = await conversations.createGroup({ creatorId: 1, memberIds, name: 'g', description: '' });
    if (made.ok) groups.push(made.conversationId);
  }
  const owner = await CurrentPeer.signIn(lone, 1, { status_of: [] });
  for (const conv_id of groups) await owner.ask({ type: 'group', conv_id, msg: 'hi' });
  const atUs = lone.clock.nowUs();
  for (const conversationId of groups) {
    const seenUpto = memberIds.map((userId) => ({ userId, conversationId, kind: 'group', seq: 1, atUs }) as const);
    await receipts.apply({ delivered: [], seen: [], seenUpto });
  }
  const device = lone.connect();
  device.onFrame = (text) => {
    if (text.includes('"sync_complete"')) device.stalled = true;
  };
  device.say({ type: 'hello', v: 2, user_id: 1, cursors: Object.fromEntries(groups.map((id) => [id, 1])) });
  let told = 0;
  let parts = 0;
  for (let before = -1; told > before; parts++) {
    await lone.clock.settle();
    expect(device.buffered).toBeLessThan(300_000);
    before = told;
    told = device.frames.filter((text) => text.includes('"status"')).length;
    device.drain();
  }
  expect(told).toBe(groups.length * (memberIds.length - 1));
  expect(parts).toBeGreaterThan(3);
  await lone.node.stop();
});

it.each(['for the first time', 'again'])(
  'G6: of a member who was added %s and has nothing yet, nothing is told: what was before was never delivered to it',
  async (added) => {
    const lone = new LoneNode();
    await lone.node.start();
    await lone.stores.conversations.ensureUsers([2]);
    const sender = await CurrentPeer.signIn(lone, 1);
    const { conv_id } = await sender.ask({ type: 'init_group', member: [1], group_name: 'g' });
    if (added === 'again') {
      await sender.ask({ type: 'group_add', conv_id, user_id: [2] });
      const earlier = await CurrentPeer.signIn(lone, 2);
      await earlier.ask({ type: 'seen', conv_id, seq: 1 });
      await lone.clock.advanceAsync(5_000);
      earlier.connection.hangUp();
      await sender.ask({ type: 'group_remove', conv_id, user_id: 2 });
    }
    await sender.ask({ type: 'group', conv_id, msg: 'before' });
    const { seq } = await sender.ask({ type: 'group_add', conv_id, user_id: [2] });
    sender.connection.hangUp();
    await lone.clock.advanceAsync(5_000);
    expect((await CurrentPeer.signIn(lone, 1)).told('status')).toEqual([]);
    const late = await CurrentPeer.signIn(lone, 2);
    await late.ask({ type: 'delivered', conv_id, seq });
    await lone.clock.advanceAsync(5_000);
    expect((await CurrentPeer.signIn(lone, 1)).told('status')).toMatchObject([{ user_id: 2, delivered_seq: seq }]);
    await lone.node.stop();
  },
);

it('G6: those of the newest conversations are told unasked', async () => {
  const lone = new LoneNode();
  await lone.node.start();
  const sender = await CurrentPeer.signIn(lone, 1, { status_of: [] });
  const ids: number[] = [];
  for (let other = 2; other < 2 + LIMITS.maxStatusUnasked + 1; other++) {
    const conv_id = await lone.openPersonal(1, other);
    await sender.ask({ type: 'personal', conv_id, msg: 'hi' });
    ids.push(conv_id);
  }
  const atUs = lone.clock.nowUs();
  const seenUpto = ids.map((conversationId, at) => {
    return { userId: 2 + at, conversationId, kind: 'personal', seq: 1, atUs } as const;
  });
  await lone.stores.receipts.apply({ delivered: [], seen: [], seenUpto });
  const device = await CurrentPeer.signIn(lone, 1);
  await lone.clock.settle();
  const told = device.told('status').map(({ conv_id }) => Number(conv_id));
  expect(told.sort((a, b) => a - b)).toEqual(ids.slice(1));
  await lone.node.stop();
});
