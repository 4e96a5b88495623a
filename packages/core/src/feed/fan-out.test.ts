import { afterEach, describe, expect, it } from 'vitest';
import type { FakeConnection } from '../testing/fake-connection.ts';
import { testSeed } from '../testing/random.ts';
import { TestCluster, type TestNode } from '../testing/test-cluster.ts';

interface Frame {
  readonly conv_id: number;
  readonly message_id: number;
  readonly msg?: string;
  readonly db_conv_id?: number;
}

const frames = (connection: FakeConnection): Frame[] =>
  connection.frames.filter((frame) => frame.startsWith('{')).map((frame) => JSON.parse(frame) as Frame);
const messages = (connection: FakeConnection): Frame[] => frames(connection).filter((frame) => frame.msg !== undefined);
const acks = (connection: FakeConnection): Frame[] =>
  frames(connection).filter((frame) => frame.msg === undefined && frame.db_conv_id === undefined);

let cluster: TestCluster;
afterEach(async () => {
  await cluster.stop();
});

async function signIn(node: TestNode, userId: number): Promise<FakeConnection> {
  const connection = cluster.connect(node);
  connection.say(String(userId));
  await cluster.until(() => connection.frames.length > 0, `the sign-in of ${userId}`);
  await cluster.advance(100);
  return connection;
}

async function initGroup(connection: FakeConnection, members: readonly number[]): Promise<number> {
  connection.say({ type: 'init_group', conv_id: 'mine', member: members, group_name: 'a group', description: '' });
  await cluster.until(() => frames(connection).some((frame) => frame.db_conv_id !== undefined), 'the group');
  return frames(connection).find((frame) => frame.db_conv_id !== undefined)?.db_conv_id as number;
}

describe('fan-out', () => {
  const seed = testSeed();

  it(`G2 G4 G5: 8 senders on 4 nodes, 10,000 messages into one group (seed ${seed})`, async () => {
    cluster = new TestCluster(seed, { maxDelayMs: 3 });
    const nodes = [];
    for (let n = 0; n < 4; n++) nodes.push(await cluster.startNode());
    const users = [1, 2, 3, 4, 5, 6, 7, 8];
    const connections = new Map<number, FakeConnection>();
    for (const user of users) connections.set(user, await signIn(nodes[user % 4] as TestNode, user));
    const group = await initGroup(connections.get(1) as FakeConnection, users);
    await cluster.advance(500);
    let sent = 0;
    while (sent < 10_000) {
      for (const [user, connection] of connections) {
        const burst = Math.min(1 + cluster.random.below(40), 10_000 - sent);
        for (let n = 0; n < burst; n++) connection.say({ type: 'group', conv_id: group, msg: `${user}:${++sent}` });
      }
      await cluster.advance(10);
    }
    await cluster.until(
      () => [...connections.values()].reduce((sum, c) => sum + acks(c).length, 0) === 10_000,
      '10,000 acks',
    );
    await cluster.advance(2_000);

    const stored = cluster.database.state.conversations.get(group)?.messages ?? [];
    expect(stored.map((message) => message.seq)).toEqual(Array.from({ length: 10_000 }, (_, n) => n + 1));
    for (const [user, connection] of connections) {
      const expected = stored.filter((message) => message.senderId !== user).map((message) => message.messageId);
      expect(messages(connection).map((frame) => frame.message_id)).toEqual(expected);
      const own = stored.filter((message) => message.senderId === user).map((message) => message.messageId);
      expect(acks(connection).map((frame) => frame.message_id)).toEqual(own);
    }
    for (const { telemetry } of nodes) {
      expect(telemetry.audited).toBe(0);
      // Packed: far fewer envelopes than messages.
      expect(telemetry.publishedEnvelopes).toBeLessThan(telemetry.committedRows * 1.5);
    }
  }, 120_000);

  it('G4: a node without a member receives nothing', async () => {
    cluster = new TestCluster(seed);
    const [a, b, idle] = [await cluster.startNode(), await cluster.startNode(), await cluster.startNode()];
    const one = await signIn(a, 1);
    const two = await signIn(b, 2);
    await signIn(idle, 3);
    const group = await initGroup(one, [1, 2]);
    one.say({ type: 'init_personal', conv_id: 1, member: [1, 2] });
    await cluster.until(() => frames(one).length > 1, 'the personal conversation');
    const personal = frames(one).at(-1)?.db_conv_id;
    for (let n = 0; n < 50; n++) {
      one.say({ type: 'group', conv_id: group, msg: `g${n}` });
      one.say({ type: 'personal', conv_id: personal, msg: `p${n}` });
    }
    await cluster.until(() => messages(two).length === 100, 'all messages at the other member');
    expect(cluster.network.published.get(idle.network.name) ?? 0).toBe(0);
    expect(idle.telemetry.receivedEnvelopes).toBe(0);
    expect(b.telemetry.receivedEnvelopes).toBeGreaterThan(0);
  });

  it('L14: every connection of both users gets a message, but for the one that sent it', async () => {
    cluster = new TestCluster(seed);
    const [a, b] = [await cluster.startNode(), await cluster.startNode()];
    const sender = await signIn(a, 1);
    const others = [await signIn(a, 1), await signIn(b, 1), await signIn(a, 2), await signIn(b, 2)];
    sender.say({ type: 'init_personal', conv_id: 1, member: [1, 2] });
    await cluster.until(() => frames(sender).length > 0, 'the conversation');
    sender.say({ type: 'personal', conv_id: frames(sender)[0]?.db_conv_id, msg: 'to all of you' });
    await cluster.until(() => others.every((connection) => messages(connection).length === 1), 'four copies');
    await cluster.advance(5_000);
    for (const connection of others) expect(messages(connection)).toHaveLength(1);
    expect(messages(sender)).toHaveLength(0);
  });
});

describe('a node that dies behind its commit', () => {
  it('G4: a group whose members were never told about it reaches them with its first message', async () => {
    cluster = new TestCluster(testSeed(), { settings: { auditPeriodMs: 3_600_000 } });
    const [a, b, c] = [await cluster.startNode(), await cluster.startNode(), await cluster.startNode()];
    const creator = await signIn(a, 1);
    const member = await signIn(b, 2);
    creator.say({ type: 'init_group', conv_id: 1, member: [1, 2], group_name: 'g', description: '' });
    const { conversations } = cluster.database.state;
    while (conversations.size === 0) await cluster.advance(1);
    cluster.kill(a);
    const again = await signIn(c, 1);
    again.say({ type: 'group', conv_id: [...conversations.keys()][0], msg: 'is anybody there?' });
    await cluster.until(() => messages(member).length > 0, 'the first message', 5_000);
    expect(messages(member).map((frame) => frame.msg)).toEqual(['is anybody there?']);
  });
});

describe('join, then read; commit, then look up', () => {
  const first = testSeed();
  it.each(Array.from({ length: 200 }, (_, n) => (first + n) >>> 0))(
    'G4: whatever the interleaving, a message is published to the node or read by it (seed %i)',
    async (seed) => {
      // A network that never loses anything and no repair but the argument itself: late messages would come by neither.
      cluster = new TestCluster(seed, {
        maxDelayMs: 20,
        settings: { gapGraceMs: 3_600_000, auditPeriodMs: 3_600_000 },
      });
      const [a, b] = [await cluster.startNode(), await cluster.startNode()];
      const sender = await signIn(a, 1);
      const group = await initGroup(sender, [1, 2]);
      sender.say({ type: 'init_personal', conv_id: 1, member: [1, 2] });
      await cluster.until(() => frames(sender).length > 1, 'the personal conversation');
      const personal = frames(sender).at(-1)?.db_conv_id;
      const reader = cluster.connect(b);
      const moment = cluster.random.below(60);
      for (let n = 0; n < 12; n++) {
        if (n === 6) reader.say('2');
        sender.say({ type: 'group', conv_id: group, msg: `g${n}` });
        sender.say({ type: 'personal', conv_id: personal, msg: `p${n}` });
        await cluster.advance(cluster.random.below(1 + moment));
      }
      await cluster.advance(1_000);
      const received = messages(reader);
      expect(received.filter((frame) => frame.conv_id === group).map((frame) => frame.msg)).toEqual(
        Array.from({ length: 12 }, (_, n) => `g${n}`),
      );
      expect(received.filter((frame) => frame.conv_id === personal).map((frame) => frame.msg)).toEqual(
        Array.from({ length: 12 }, (_, n) => `p${n}`),
      );
    },
  );
});
