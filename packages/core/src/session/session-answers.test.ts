import { expect, it } from 'vitest';
import { StoreError } from '../ports/message-store.ts';
import { CurrentPeer } from '../testing/current-peer.ts';
import { LoneNode } from '../testing/lone-node.ts';

it('G1: when the outcome of a send is unknown, no later ack takes its place', async () => {
  let inDoubt = 0;
  let release = (): void => undefined;
  const lone = new LoneNode({
    settings: { lanes: 16, commitRetryForMs: 0 },
    faults: ({ messages }) => ({
      messages: {
        append: async (batch) => {
          if (batch[0]?.conversationId !== inDoubt) return messages.append(batch);
          await new Promise<void>((resolve) => {
            release = resolve;
          });
          throw new StoreError('the connection was lost', { outcome: 'unknown', retryable: true });
        },
      },
    }),
  });
  await lone.node.start();
  const [first, second] = [await lone.openPersonal(1, 2), await lone.openPersonal(1, 3)];
  inDoubt = first;
  const connection = await lone.signIn(1);
  connection.say({ type: 'personal', conv_id: first, msg: 'in doubt' });
  connection.say({ type: 'personal', conv_id: second, msg: 'committed' });
  await lone.clock.settle();
  release();
  await lone.clock.advanceAsync(10);
  expect(connection.closed?.code).toBe(4003);
  // A legacy ack names no request: the first one stands for the first send.
  expect(connection.frames).toEqual(['user id 1 received']);
  await lone.node.stop();
});

it.each(['init_personal', 'init_group', 'block', 'unblock'])(
  'G1 G3: when the outcome of %s is unknown, no error says that nothing is stored, and its repeat finds what was',
  async (type) => {
    let cut = true;
    const lost = async <T>(call: Promise<T>): Promise<T> => {
      const result = await call;
      if (cut) throw new StoreError('the connection was lost', { outcome: 'unknown', retryable: true });
      return result;
    };
    const lone = new LoneNode({
      faults: ({ conversations }) => ({
        conversations: {
          openPersonal: (a, b, request) => lost(conversations.openPersonal(a, b, request)),
          createGroup: (group) => lost(conversations.createGroup(group)),
          setBlocked: (blocker, blocked, flag) => lost(conversations.setBlocked(blocker, blocked, flag)),
        },
      }),
    });
    await lone.node.start();
    await lone.stores.conversations.ensureUsers([1, 2]);
    const frame = type.endsWith('block')
      ? { type, user_id: 2 }
      : { type, member: [1, 2], group_name: 'g', client_id: 'the-same' };
    const first = await CurrentPeer.signIn(lone, 1);
    first.say(frame);
    await lone.clock.settle();
    expect(first.connection.closed?.code).toBe(4003);
    expect(first.told('error')).toEqual([]);
    cut = false;
    const again = await CurrentPeer.signIn(lone, 1);
    expect(again.told('synced')).toHaveLength(1);
    const answer = await again.ask(frame);
    if (type.endsWith('block')) expect(answer).toEqual({ type: 'ok' });
    else expect(answer).toMatchObject({ type: 'conversation_ready', created: true, duplicate: true });
    await lone.node.stop();
  },
);

it('G1, L15: when the outcome of the group of an old client is unknown, no error makes it ask for another one', async () => {
  const lone = new LoneNode({
    faults: ({ conversations }) => ({
      conversations: {
        createGroup: async (group) => {
          await conversations.createGroup(group);
          throw new StoreError('the connection was lost', { outcome: 'unknown', retryable: true });
        },
      },
    }),
  });
  await lone.node.start();
  await lone.stores.conversations.ensureUsers([1, 2]);
  const connection = await lone.signIn(1);
  connection.say({ conv_id: 5, member: [1, 2], group_name: 'g', description: '', type: 'init_group' });
  await lone.clock.settle();
  expect(lone.stores.state.conversations.size).toBe(1);
  expect(connection.closed?.code).toBe(4003);
  expect(connection.frames).toEqual(['user id 1 received']);
  await lone.node.stop();
});
