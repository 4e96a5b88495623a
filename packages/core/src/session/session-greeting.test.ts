import { afterEach, expect, it } from 'vitest';
import type { FakeConnection } from '../testing/fake-connection.ts';
import { testSeed } from '../testing/random.ts';
import { TestCluster, type TestNode } from '../testing/test-cluster.ts';

let cluster: TestCluster;
afterEach(async () => {
  await cluster.stop();
});

const ROUNDS = 60;
const seed = testSeed();

async function greeted(connection: FakeConnection, firstFrame: string): Promise<void> {
  const answer = new Promise<void>((resolve) => {
    connection.onFrame = () => resolve();
  });
  connection.say(firstFrame);
  await cluster.advanceUntil(answer);
  connection.onFrame = null;
}

/** Sends from within the turn in which `connection` is told that it is signed in, when it is as new as it can be. */
async function sendsAsGreeted(connection: FakeConnection, userId: number, send: () => void): Promise<void> {
  connection.onFrame = () => {
    connection.onFrame = null;
    send();
  };
  connection.say(String(userId));
  await cluster.until(() => connection.frames.length > 0, `the sign-in of ${userId}`);
}

const has = (connection: FakeConnection, msg: string): boolean =>
  connection.frames.some((frame) => frame.includes(`"msg":"${msg}"`));

it(`L14 G4: a connection that was told that it is signed in gets all that is sent from then on, though others took it first (seed ${seed})`, async () => {
  cluster = new TestCluster(seed, { maxDelayMs: 20 });
  const nodes: TestNode[] = [await cluster.startNode(), await cluster.startNode(), await cluster.startNode()];
  const [one, two, three] = nodes as [TestNode, TestNode, TestNode];
  const [sender, quick] = [cluster.connect(one), cluster.connect(two)];
  await greeted(sender, '1');
  await greeted(quick, '2');
  sender.say({ type: 'init_personal', conv_id: 0, member: [1, 2] });
  await cluster.until(() => sender.frames.length > 1, 'the conversation');
  const conversation = (JSON.parse(sender.frames[1] as string) as { db_conv_id: number }).db_conv_id;
  for (let round = 0; round < ROUNDS; round++) {
    // User 2's connection that is there already takes every message and proves it at once; user 1's has sent it.
    const user = 1 + (round % 2);
    const late = cluster.connect([one, two, three][cluster.random.below(3)] as TestNode);
    const msg = `m${round}`;
    await sendsAsGreeted(late, user, () => sender.say({ type: 'personal', conv_id: conversation, msg }));
    await cluster.until(() => has(quick, msg), `${msg} on the quick connection`);
    for (let waited = 0; waited < 2_000 && !has(late, msg); waited += 10) {
      quick.pong();
      await cluster.advance(10);
    }
    expect(has(late, msg), `round ${round}: user ${user} was greeted before ${msg} was sent`).toBe(true);
    late.hangUp();
    // Its node forgets the user's topic and has to join it again.
    if (cluster.random.below(2) === 0) await cluster.advance(7_000);
  }
});
