import { expect, it } from 'vitest';
import { StoreError } from '../ports/message-store.ts';
import { CurrentPeer } from '../testing/current-peer.ts';
import { LoneNode } from '../testing/lone-node.ts';
import { ANSWER_MS } from '../testing/peers-apart.ts';
import { testSeed } from '../testing/random.ts';
import { TestCluster, type TestNode } from '../testing/test-cluster.ts';

const seed = testSeed();
const synced = (conv_id: unknown) => ({ type: 'synced', conv_id, kind: 'personal', seq: 0, recovered: 0 });

const hostOf = (cluster: TestCluster, node: TestNode) => cluster.hostOf(node, ANSWER_MS);

it(`all sessions of both members are told of a new personal conversation at once, on every node (seed ${seed})`, async () => {
  const cluster = new TestCluster(seed);
  const [here, there] = [hostOf(cluster, await cluster.startNode()), hostOf(cluster, await cluster.startNode())];
  const asking = await CurrentPeer.signIn(here, 1);
  const told = [
    asking,
    await CurrentPeer.signIn(here, 1),
    await CurrentPeer.signIn(there, 1),
    await CurrentPeer.signIn(here, 2),
    await CurrentPeer.signIn(there, 2),
  ];
  const stranger = await CurrentPeer.signIn(there, 3);
  const old = there.connect();
  old.say('2');
  await there.clock.settle();
  const { conv_id } = await asking.ask({ type: 'init_personal', member: [1, 2], client_id: 'i' });
  for (const peer of told) expect(peer.told('synced')).toEqual([synced(conv_id)]);
  expect(stranger.told('synced')).toEqual([]);
  // A legacy client hears of it with its first message, as ever.
  expect(old.frames).toEqual(['user id 2 received']);

  // Found, or asked for again: no news to anybody.
  await asking.ask({ type: 'init_personal', member: [1, 2], client_id: 'i' });
  await told[4]?.ask({ type: 'init_personal', member: [2, 1] });
  for (const peer of told) expect(peer.told('synced')).toHaveLength(1);

  await told[4]?.ask({ type: 'personal', conv_id, msg: 'hi' });
  for (const peer of told.slice(0, 4)) expect(peer.told('personal').map(({ seq }) => seq)).toEqual([1]);
  expect(old.frames.slice(1).map((frame) => JSON.parse(frame))).toMatchObject([{ conv_id, msg: 'hi' }]);
  await cluster.stop();
});

it('telling of a new personal conversation reads nothing', async () => {
  let reads = 0;
  const counted = <A extends unknown[], R>(method: (...args: A) => R) => {
    return (...args: A): R => {
      reads++;
      return method(...args);
    };
  };
  const lone = new LoneNode({
    faults: ({ conversations }) => ({
      conversations: {
        membersOf: counted((...args) => conversations.membersOf(...args)),
        membership: counted((...args) => conversations.membership(...args)),
        membershipsOf: counted((...args) => conversations.membershipsOf(...args)),
        profilesOf: counted((...args) => conversations.profilesOf(...args)),
      },
    }),
  });
  await lone.node.start();
  const [one, two] = [await CurrentPeer.signIn(lone, 1), await CurrentPeer.signIn(lone, 2)];
  const before = reads;
  const { conv_id } = await one.ask({ type: 'init_personal', member: [1, 2] });
  for (const peer of [one, two]) expect(peer.told('synced')).toEqual([synced(conv_id)]);
  await two.ask({ type: 'personal', conv_id, msg: 'hi' });
  expect(one.told('personal')).toMatchObject([{ seq: 1 }]);
  expect(reads).toBe(before);
  await lone.node.stop();
});

/** A node whose store carries out the first opening of a personal conversation, and breaks before it can say so. */
function losingTheFirstAnswer(): LoneNode {
  let lost = false;
  return new LoneNode({
    faults: ({ conversations }) => ({
      conversations: {
        openPersonal: async (...args) => {
          const result = await conversations.openPersonal(...args);
          if (lost) return result;
          lost = true;
          throw new StoreError('the connection broke', { retryable: false, outcome: 'unknown' });
        },
      },
    }),
  });
}

/** By another session of the first user, which ends for it. */
async function openInVain(lone: LoneNode, init: object): Promise<void> {
  const opener = await CurrentPeer.signIn(lone, 1);
  opener.say(init);
  await lone.clock.settle();
  expect(opener.connection.closed?.code).toBe(4003);
}

it('G4: a repeat of an opening whose answer was lost tells both: whoever opened it may have died before it could', async () => {
  const lone = losingTheFirstAnswer();
  await lone.node.start();
  const [one, two] = [await CurrentPeer.signIn(lone, 1), await CurrentPeer.signIn(lone, 2)];
  const init = { type: 'init_personal', member: [1, 2], client_id: 'i' };
  await openInVain(lone, init);
  for (const peer of [one, two]) expect(peer.told('synced')).toEqual([]);
  const { conv_id } = await one.ask(init);
  for (const peer of [one, two]) expect(peer.told('synced')).toEqual([synced(conv_id)]);
  await lone.node.stop();
});

it('G4: a repeat of an opening whose answer was lost brings what was written meanwhile, and lost, too', async () => {
  const lone = losingTheFirstAnswer();
  await lone.node.start();
  const [one, two] = [await CurrentPeer.signIn(lone, 1), await CurrentPeer.signIn(lone, 2)];
  const init = { type: 'init_personal', member: [1, 2], client_id: 'i' };
  await openInVain(lone, init);
  const [conversationId = 0] = lone.stores.state.conversations.keys();
  const row = { conversationId, kind: 'personal', senderId: 2, recipientId: 1, membersVersion: 1 } as const;
  for (const clientId of ['c1', 'c2']) {
    await lone.stores.messages.append([{ ...row, clientId, body: clientId, sentAtUs: lone.clock.nowUs() }]);
  }
  expect(await one.ask(init)).toMatchObject({ type: 'conversation_ready', conv_id: conversationId, duplicate: true });
  await lone.clock.advanceAsync(100);
  for (const peer of [one, two]) {
    expect(peer.told('personal').map(({ seq }) => seq)).toEqual([1, 2]);
    expect(peer.told('synced')).toEqual([{ ...synced(conversationId), seq: 2, recovered: 2 }]);
  }
  await lone.node.stop();
});

it('a session that signs in while the conversation is opened is told of it once', async () => {
  const lone = new LoneNode();
  await lone.node.start();
  await lone.stores.conversations.ensureUsers([1, 2]);
  const one = await CurrentPeer.signIn(lone, 1);
  const connection = lone.connect();
  connection.say({ type: 'hello', v: 2, user_id: 2 });
  const { conv_id } = await one.ask({ type: 'init_personal', member: [1, 2] });
  const told = connection.frames.map((frame) => JSON.parse(frame)).filter(({ type }) => type === 'synced');
  expect(told).toEqual([synced(conv_id)]);
  await lone.node.stop();
});

it('a personal conversation that a block opens is told to both', async () => {
  const lone = new LoneNode();
  await lone.node.start();
  const [one, two] = [await CurrentPeer.signIn(lone, 1), await CurrentPeer.signIn(lone, 2)];
  await one.ask({ type: 'block', user_id: 2 });
  for (const peer of [one, two]) expect(peer.told('synced')).toMatchObject([{ kind: 'personal', seq: 0 }]);
  const conv_id = two.told('synced')[0]?.conv_id;
  expect(await two.ask({ type: 'personal', conv_id, msg: 'x' })).toMatchObject({ type: 'error', name: 'blocked' });
  await lone.node.stop();
});
