import { expect, it } from 'vitest';
import type { FakeConnection } from './testing/fake-connection.ts';
import { LoneNode } from './testing/lone-node.ts';

it('G10: clients that never answer a ping do not hold up a drain, however many there are', async () => {
  const lone = new LoneNode({ settings: { drainBatchSize: 10, drainIntervalMs: 100, drainTimeoutMs: 2_000 } });
  await lone.node.start();
  const conversationId = await lone.openPersonal(1, 2);
  const connections: FakeConnection[] = [];
  for (let n = 0; n < 100; n++) connections.push(await lone.signIn(2));
  const sender = await lone.signIn(1);
  sender.say({ type: 'personal', conv_id: conversationId, msg: 'm' });
  await lone.clock.settle();
  expect(connections.every((connection) => connection.pings.length === 1)).toBe(true);
  let done = false;
  const begunMs = lone.clock.nowMs();
  const drained = lone.node.drain().then(() => {
    done = true;
  });
  while (!done) await lone.clock.advanceAsync(10);
  await drained;
  expect(connections.every((connection) => connection.closed?.code === 1012)).toBe(true);
  // Half of the time for the batches, and two patiences of one second behind the last.
  expect(lone.clock.nowMs() - begunMs).toBeLessThan(1_000 + 2_000 + 500);
  await lone.node.stop();
});
