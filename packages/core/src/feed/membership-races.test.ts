import { expect, it } from 'vitest';
import { CurrentPeer, type Told } from '../testing/current-peer.ts';
import { LoneNode } from '../testing/lone-node.ts';

it('G7: who leaves a group while the membership is being read is not taken for a member by what was read before', async () => {
  let answer: (() => void) | null = null;
  let reads = 0;
  const lone: LoneNode = new LoneNode({
    faults: ({ conversations }) => ({
      conversations: {
        membersOf: async (ids, among) => {
          const rows = await conversations.membersOf(ids, among);
          // The second read is the one behind the join of the group's topic: its answer is on its way for long.
          if (++reads === 2) await new Promise<void>((resolve) => (answer = resolve));
          return rows;
        },
      },
    }),
  });
  await lone.node.start();
  const leaver = await CurrentPeer.signIn(lone, 4);
  await lone.stores.conversations.ensureUsers([3]);
  const group = { creatorId: 3, memberIds: [3, 4], name: 'g', description: '' };
  const opened = await lone.stores.conversations.createGroup(group);
  const conv_id = opened.ok ? opened.conversationId : 0;
  // This node has not heard of the group: the send makes it ask.
  const send = leaver.say({ type: 'group', conv_id, msg: 'too late' });
  await lone.clock.settle();
  expect(answer).not.toBeNull();
  expect(await leaver.ask({ type: 'group_leave', conv_id })).toMatchObject({ type: 'ack', seq: 1 });
  (answer as (() => void) | null)?.();
  await lone.clock.settle();
  expect(leaver.answer(send)).toMatchObject({ type: 'error', name: 'not_a_member' });
  const owner = await CurrentPeer.signIn(lone, 3);
  expect(await owner.ask({ type: 'group', conv_id, msg: 'not for the one who left' })).toMatchObject({ seq: 2 });
  await lone.clock.advanceAsync(1_000);
  expect(leaver.told('group')).toEqual([]);
  await lone.node.stop();
});

it('G5: a device that was put back into a group between two reads of its sign-in is told to forget nothing', async () => {
  let putBack: (() => Promise<unknown>) | null = null;
  const lone: LoneNode = new LoneNode({
    faults: ({ conversations }) => ({
      conversations: {
        profilesOf: async (ids) => {
          const profiles = await conversations.profilesOf(ids);
          await putBack?.();
          putBack = null;
          return profiles;
        },
      },
    }),
  });
  await lone.node.start();
  const owner = await CurrentPeer.signIn(lone, 3);
  const before = await CurrentPeer.signIn(lone, 4);
  const { conv_id } = await owner.ask({ type: 'init_group', member: [3, 4], group_name: 'g' });
  await owner.ask({ type: 'group_remove', conv_id, user_id: 4 });
  await before.ask({ type: 'delivered', conv_id, seq: 1 });
  await lone.clock.advanceAsync(3_000);
  putBack = () => {
    const change = { actorId: 3, clientId: 'back', action: { kind: 'add', userIds: [4] }, atUs: 1 } as const;
    return lone.stores.groups.change({ ...change, conversationId: Number(conv_id) });
  };
  const device = await CurrentPeer.signIn(lone, 4, { cursors: { [Number(conv_id)]: 1 }, groups: [conv_id] });
  await lone.clock.advanceAsync(1_000);
  expect(putBack).toBeNull();
  expect(device.told('reset')).toEqual([]);
  expect(device.told('event')).toMatchObject([{ seq: 2, event: { kind: 'added', user_id: [4] } }]);
  // Nobody has published it, so it comes as a gap of the feed, behind the sync.
  expect(device.told('synced')).toEqual([{ type: 'synced', conv_id, kind: 'group', seq: 1, recovered: 0 }]);
  await lone.node.stop();
});

it.each([4, 1_000])(
  'G7: what passes by while a session signs in is read or shown no further back than its user may see (tail of %i frames)',
  async (maxTailFrames) => {
    let hold = false;
    let release = (): void => undefined;
    const lone: LoneNode = new LoneNode({
      settings: { maxTailFrames },
      faults: ({ conversations }) => ({
        conversations: {
          profilesOf: async (ids) => {
            const profiles = await conversations.profilesOf(ids);
            if (hold) await new Promise<void>((resolve) => (release = resolve));
            return profiles;
          },
        },
      }),
    });
    await lone.node.start();
    const owner = await CurrentPeer.signIn(lone, 1);
    const earlier = await CurrentPeer.signIn(lone, 3);
    const conv_id = Number((await owner.ask({ type: 'init_group', member: [1, 2], group_name: 'g' })).conv_id);
    for (let n = 0; n < 2; n++) await owner.ask({ type: 'group', conv_id, msg: 'seen by this node' });
    const row = { conversationId: conv_id, kind: 'group', senderId: 1, recipientId: null, membersVersion: 1 } as const;
    for (let n = 0; n < 6; n++) {
      await lone.stores.messages.append([{ ...row, clientId: `c${n}`, body: 'not for user 3', sentAtUs: 1 }]);
    }
    const add = { actorId: 1, clientId: 'add', action: { kind: 'add', userIds: [3] }, atUs: 1 } as const;
    await lone.stores.groups.change({ ...add, conversationId: conv_id });
    // The other session makes the node attach the user; what the node lacks comes a little later, as a gap.
    expect(await earlier.ask({ type: 'group', conv_id, msg: 'of user 3' })).toMatchObject({ type: 'ack', seq: 10 });
    hold = true;
    const sessions = [
      '3',
      { type: 'hello', v: 2, user_id: 3 },
      { type: 'hello', v: 2, user_id: 3, epoch: 'other', cursors: { [conv_id]: 9 } },
    ];
    const later = sessions.map((hello) => {
      const connection = lone.connect();
      connection.say(hello);
      return connection;
    });
    await lone.clock.settle();
    hold = false;
    await lone.clock.advanceAsync(1_000);
    expect(earlier.told('event')).toMatchObject([{ seq: 9 }]);
    release();
    await lone.clock.advanceAsync(1_000);
    for (const connection of later)
      expect(connection.frames.filter((frame) => frame.includes('not for user 3'))).toEqual([]);
    const [, fresh, reset] = later.map(({ frames }) => frames.slice(1).map((frame) => JSON.parse(frame) as Told));
    expect(fresh?.map(({ seq }) => seq).filter((seq) => seq !== undefined)).toEqual([9, 10, 10]);
    expect(reset?.map(({ type }) => type)).toEqual(['reset', 'sync_complete']);
    expect(reset?.[0]).toMatchObject({ seq: 10, reason: 'epoch' });
    await lone.node.stop();
  },
);

it('G4: a conversation that is left again while it is being synced is not said to be complete behind that', async () => {
  let hold = false;
  let release = (): void => undefined;
  const lone: LoneNode = new LoneNode({
    settings: { backlogPageRows: 1 },
    faults: ({ conversations }) => ({
      conversations: {
        membersOf: async (ids, among) => {
          if (hold) await new Promise<void>((resolve) => (release = resolve));
          return conversations.membersOf(ids, among);
        },
      },
    }),
  });
  await lone.node.start();
  const owner = await CurrentPeer.signIn(lone, 1);
  const conv_id = Number((await owner.ask({ type: 'init_group', member: [1, 4], group_name: 'g' })).conv_id);
  await owner.ask({ type: 'group', conv_id, msg: 'm' });
  // This node hears of neither: its feed stays behind.
  const change = { conversationId: conv_id, clientId: 'c', atUs: 1 } as const;
  await lone.stores.groups.change({ ...change, actorId: 4, action: { kind: 'leave' } });
  const connection = lone.connect();
  connection.stalled = true;
  connection.say({ type: 'hello', v: 2, user_id: 4 });
  await lone.clock.settle();
  await lone.stores.groups.change({ ...change, actorId: 1, action: { kind: 'add', userIds: [4] } });
  connection.say({ type: 'group', conv_id, msg: 'back' });
  await lone.clock.settle();
  // The feed comes to where the user has left, and asks who it is that was added.
  hold = true;
  await lone.clock.advanceAsync(1_000);
  connection.stalled = false;
  connection.drain();
  await lone.clock.settle();
  const frames = () => connection.frames.slice(1).map((frame) => JSON.parse(frame) as Told);
  expect(frames().some(({ type }) => type === 'sync_complete')).toBe(true);
  for (const { seq } of frames().filter(({ type }) => type === 'synced')) expect(seq).toBe(2);
  hold = false;
  release();
  await lone.clock.advanceAsync(1_000);
  expect(
    frames()
      .filter(({ type }) => type === 'event')
      .map(({ seq }) => seq),
  ).toEqual([2, 3]);
  expect(frames().at(-1)).toMatchObject({ type: 'synced', seq: expect.any(Number) });
  await lone.node.stop();
});

/** A node that reads of user 2 whether it is a member only when it is told to, or has read it by then and hears of it only then. */
function heldReads(moment: string, holding = true) {
  let holds = holding;
  let release = (): void => undefined;
  const held = (): Promise<void> => new Promise((resolve) => (release = resolve));
  const lone: LoneNode = new LoneNode({
    faults: ({ conversations }) => ({
      conversations: {
        membersOf: async (ids, among) => {
          if (!holds || among?.includes(2) !== true) return conversations.membersOf(ids, among);
          if (moment === 'before') await held();
          const rows = await conversations.membersOf(ids, among);
          if (moment === 'while') await held();
          return rows;
        },
      },
    }),
  });
  return {
    lone,
    hold: (): void => {
      holds = true;
    },
    /** Each read, and those that it leads to. */
    answer: async (): Promise<void> => {
      for (let read = 0; read < 3; read++) {
        release();
        await lone.clock.settle();
      }
    },
  };
}

it.each(['before', 'while'])(
  'G4, G7: who is removed %s its node reads the new membership is told so, once, and gets what it was a member for',
  async (moment) => {
    const { lone, answer } = heldReads(moment);
    await lone.node.start();
    const [owner, member] = [await CurrentPeer.signIn(lone, 1), await CurrentPeer.signIn(lone, 2)];
    const legacy = await lone.signIn(2);
    const { conv_id } = await owner.ask({ type: 'init_group', member: [1], group_name: 'g' });
    await owner.ask({ type: 'group', conv_id, msg: 'before' });
    const add = { type: 'group_add', conv_id, user_id: [2], client_id: 'add' };
    await owner.ask(add);
    await owner.ask({ type: 'group', conv_id, msg: 'for both' });
    await owner.ask({ type: 'group_remove', conv_id, user_id: 2 });
    await owner.ask({ type: 'group', conv_id, msg: 'after' });
    await answer();
    const told = () => member.told('group', 'event', 'synced').map((frame) => frame.seq);
    expect(told()).toEqual([2, 3, 4, 4]);
    expect(member.told('event').at(-1)).toMatchObject({ event: { kind: 'removed', user_id: 2 } });
    // The repeat is told again, to those who have had it.
    await owner.ask(add);
    await answer();
    expect(told()).toEqual([2, 3, 4, 4]);
    expect(legacy.frames.slice(1).map((frame) => JSON.parse(frame).msg)).toEqual(['for both']);
    expect(await member.ask({ type: 'delivered', conv_id, seq: 4 })).toEqual({ type: 'ok' });
    await lone.clock.advanceAsync(3_000);
    expect(await lone.stores.conversations.membership(2, Number(conv_id))).toMatchObject({ deliveredSeq: 4 });
    const again = await CurrentPeer.signIn(lone, 2);
    expect(again.told('group', 'event')).toEqual([]);
    await lone.node.stop();
  },
);

it.each(['before', 'while'])(
  'G4, G7: so is who was put back into a group that it had left, and is removed again %s that is read',
  async (moment) => {
    const { lone, answer, hold } = heldReads(moment, false);
    await lone.node.start();
    const [owner, member] = [await CurrentPeer.signIn(lone, 1), await CurrentPeer.signIn(lone, 2)];
    const { conv_id } = await owner.ask({ type: 'init_group', member: [1, 2], group_name: 'g' });
    await owner.ask({ type: 'group_remove', conv_id, user_id: 2 });
    hold();
    await owner.ask({ type: 'group_add', conv_id, user_id: [2] });
    await owner.ask({ type: 'group', conv_id, msg: 'for both' });
    await owner.ask({ type: 'group_remove', conv_id, user_id: 2 });
    await owner.ask({ type: 'group', conv_id, msg: 'after' });
    await answer();
    expect(member.told('group', 'event').map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    await lone.node.stop();
  },
);

it('G4, G7: who is removed while its node reads that it was added is told so on all its sessions, also when one signs in meanwhile', async () => {
  let hold = false;
  let release = (): void => undefined;
  const lone: LoneNode = new LoneNode({
    faults: ({ conversations }) => ({
      conversations: {
        membersOf: async (ids, among) => {
          if (hold && among?.includes(2) === true) await new Promise<void>((resolve) => (release = resolve));
          return conversations.membersOf(ids, among);
        },
      },
    }),
  });
  await lone.node.start();
  const [owner, member] = [await CurrentPeer.signIn(lone, 1), await CurrentPeer.signIn(lone, 2)];
  const { conv_id } = await owner.ask({ type: 'init_group', member: [1], group_name: 'g' });
  hold = true;
  await owner.ask({ type: 'group_add', conv_id, user_id: [2] });
  await owner.ask({ type: 'group', conv_id, msg: 'for both' });
  await owner.ask({ type: 'group_remove', conv_id, user_id: 2 });
  const later = await CurrentPeer.signIn(lone, 2);
  hold = false;
  release();
  await lone.clock.settle();
  for (const peer of [member, later])
    expect(peer.told('group', 'event', 'synced').map(({ seq }) => seq)).toEqual([1, 2, 3, 3]);
  await lone.node.stop();
});
