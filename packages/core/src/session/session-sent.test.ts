import { expect, it } from 'vitest';
import { CurrentPeer, type Told } from '../testing/current-peer.ts';
import { LoneNode } from '../testing/lone-node.ts';

const EVERYTHING = 1_000_000;

async function written(lone: LoneNode, conversationId: number, senderId: number, count: number): Promise<void> {
  const row = { conversationId, kind: 'personal', senderId, recipientId: 3 - senderId, membersVersion: 1 } as const;
  for (let n = 0; n < count; n++) {
    const clientId = `c${conversationId}-${n}`;
    await lone.stores.messages.append([{ ...row, clientId, body: `m${n}`, sentAtUs: lone.clock.nowUs() }]);
  }
}

async function deliveredSeq(lone: LoneNode, userId: number, conversationId: number): Promise<number> {
  await lone.clock.advanceAsync(3_000);
  return (await lone.stores.conversations.membership(userId, conversationId))?.deliveredSeq ?? -1;
}

it('G6: a receipt that comes with the hello proves nothing that was not sent before it', async () => {
  const lone = new LoneNode();
  await lone.node.start();
  const conv_id = await lone.openPersonal(1, 2);
  await written(lone, conv_id, 2, 3);
  const connection = lone.connect();
  connection.stalled = true;
  connection.say({ type: 'hello', v: 2, user_id: 1, cursors: { [conv_id]: 1 } });
  connection.say({ type: 'delivered', conv_id, seq: EVERYTHING });
  expect(await deliveredSeq(lone, 1, conv_id)).toBe(1);
  connection.say({ type: 'seen', conv_id, seq: EVERYTHING });
  expect(await deliveredSeq(lone, 1, conv_id)).toBe(3);
  await lone.node.stop();
});

it('G6: a conversation that waits for its turn in the backlog, also one that the user has left, is not said to be sent', async () => {
  const lone = new LoneNode({ settings: { backlogPageRows: 1 } });
  await lone.node.start();
  const first = await lone.openPersonal(1, 2);
  await written(lone, first, 2, 3);
  const owner = await CurrentPeer.signIn(lone, 2);
  const ready = await owner.ask({ type: 'init_group', member: [1, 2], group_name: 'g' });
  const left = Number(ready.conv_id);
  await owner.ask({ type: 'group', conv_id: left, msg: 'one' });
  await owner.ask({ type: 'group_remove', conv_id: left, user_id: 1 });
  const connection = lone.connect();
  connection.stalled = true;
  connection.say({ type: 'hello', v: 2, user_id: 1 });
  await lone.clock.settle();
  connection.say({ type: 'delivered', conv_id: left, seq: EVERYTHING });
  // While it reads, it becomes a member of one more.
  const more = Number((await owner.ask({ type: 'init_group', member: [1, 2], group_name: 'h' })).conv_id);
  await owner.ask({ type: 'group', conv_id: more, msg: 'two' });
  connection.say({ type: 'delivered', conv_id: more, seq: EVERYTHING });
  expect(await deliveredSeq(lone, 1, left)).toBe(0);
  expect(await deliveredSeq(lone, 1, more)).toBe(0);
  connection.stalled = false;
  for (let turn = 0; turn < 10; turn++) {
    connection.drain();
    await lone.clock.settle();
  }
  for (const conv_id of [left, more]) connection.say({ type: 'delivered', conv_id, seq: EVERYTHING });
  expect(await deliveredSeq(lone, 1, left)).toBe(2);
  expect(await deliveredSeq(lone, 1, more)).toBe(1);
  await lone.node.stop();
});

it('G6 G10: a draining node takes no receipt for what it does not send any more', async () => {
  let release = (): void => undefined;
  const lone = new LoneNode({
    faults: ({ reader }) => ({
      reader: {
        page: async (...asked) => {
          await new Promise<void>((resolve) => (release = resolve));
          return reader.page(...asked);
        },
      },
    }),
  });
  await lone.node.start();
  const conv_id = await lone.openPersonal(1, 2);
  await written(lone, conv_id, 2, 1);
  const sender = await CurrentPeer.signIn(lone, 2);
  const receiver = await CurrentPeer.signIn(lone, 1);
  // What keeps both sessions: requests that have no answer yet.
  for (const peer of [sender, receiver]) peer.say({ type: 'history', conv_id });
  await lone.clock.settle();
  void lone.node.drain();
  await lone.clock.settle();
  expect(receiver.told('goaway')).toHaveLength(1);
  expect(await sender.ask({ type: 'personal', conv_id, msg: 'late' })).toMatchObject({ type: 'ack', seq: 2 });
  receiver.connection.say({ type: 'seen', conv_id, seq: EVERYTHING });
  release();
  expect(await deliveredSeq(lone, 1, conv_id)).toBe(1);
  expect(receiver.told('personal')).toHaveLength(1);
  await lone.node.stop();
});

it('G5: a session gets no copy of what it has sent itself when it falls back to the store', async () => {
  const lone = new LoneNode({ settings: { maxTailFrames: 1, backlogPageRows: 1 } });
  await lone.node.start();
  const first = await lone.openPersonal(1, 2);
  const conv_id = Number(await lone.openPersonal(1, 3));
  await written(lone, first, 2, 3);
  const other = await CurrentPeer.signIn(lone, 3);
  const own = new Set<unknown>();
  const connection = lone.connect();
  connection.stalled = true;
  connection.say({ type: 'hello', v: 2, user_id: 1 });
  await lone.clock.settle();
  for (let n = 0; n < 4; n++) {
    connection.say({ type: 'personal', conv_id, msg: 'mine', client_id: `mine-${n}`, ref: n });
    own.add(`mine-${n}`);
    await other.ask({ type: 'personal', conv_id, msg: 'theirs' });
  }
  connection.stalled = false;
  for (let turn = 0; turn < 20; turn++) {
    connection.drain();
    await lone.clock.settle();
  }
  const frames = connection.frames.map((frame) => JSON.parse(frame) as Told);
  expect(frames.filter(({ type }) => type === 'ack')).toHaveLength(4);
  const messages = frames.filter((frame) => frame.type === 'personal' && frame.conv_id === conv_id);
  expect(messages.map(({ seq }) => seq)).toEqual([2, 4, 6, 8]);
  // Another session of the user, and this one when it comes back, get them.
  const again = await CurrentPeer.signIn(lone, 1, { cursors: { [conv_id]: 0 } });
  expect(again.told('personal').filter(({ client_id }) => own.has(client_id))).toHaveLength(4);
  await lone.node.stop();
});

it('G4: a group that is made while its member signs in is told to the member, also when it is empty', async () => {
  let release = (): void => undefined;
  const lone = new LoneNode({
    faults: ({ conversations }) => ({
      conversations: {
        signInUsers: async (users) => {
          if (users.some(({ userId }) => userId === 1)) await new Promise<void>((resolve) => (release = resolve));
          return conversations.signInUsers(users);
        },
      },
    }),
  });
  await lone.node.start();
  const owner = lone.connect();
  owner.say({ type: 'hello', v: 2, user_id: 2 });
  await lone.clock.settle();
  const connection = lone.connect();
  connection.say({ type: 'hello', v: 2, user_id: 1 });
  await lone.clock.settle();
  owner.say({ type: 'init_group', member: [1, 2], group_name: 'g', ref: 1 });
  await lone.clock.settle();
  release();
  await lone.clock.settle();
  const frames = connection.frames.map((frame) => JSON.parse(frame) as Told);
  expect(frames.map(({ type }) => type)).toEqual(['welcome', 'synced', 'sync_complete']);
  expect(frames[1]).toMatchObject({ kind: 'group', seq: 0, recovered: 0 });
  await lone.node.stop();
});
