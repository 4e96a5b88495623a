import { expect, it } from 'vitest';
import { unpackEnvelope } from './bus/envelope.ts';
import { CurrentPeer } from './testing/current-peer.ts';
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
  let closedMs = Number.POSITIVE_INFINITY;
  while (!done) {
    await lone.clock.advanceAsync(10);
    if (connections.every((connection) => connection.closed !== null)) {
      closedMs = Math.min(closedMs, lone.clock.nowMs() - begunMs);
    }
  }
  await drained;
  expect(connections.every((connection) => connection.closed?.code === 1012)).toBe(true);
  // Half of the time for the batches, and two patiences of one second behind the last.
  expect(closedMs).toBeLessThan(1_000 + 2_000 + 500);
  // A node that is alone does not wait for the grace of presence.
  expect(lone.clock.nowMs() - begunMs).toBeLessThan(1_000 + 2_000 + 500);
  await lone.node.stop();
});

it('G4 G10: a node that leaves with a send in doubt asks the others to check', async () => {
  const lone = new LoneNode({
    settings: { drainTimeoutMs: 500 },
    faults: () => ({ messages: { append: () => new Promise(() => undefined) } }),
  });
  const told: unknown[] = [];
  const nothing = (): void => undefined;
  await lone.network.createNode().bus.start({
    onEnvelope: (bytes) => told.push(...(unpackEnvelope(bytes)?.publications ?? [])),
    ...{ onLoss: nothing, onRejoin: async () => undefined, onDown: nothing, onNodeDead: nothing },
    lastMessageId: () => 0,
  });
  await lone.node.start();
  const conversationId = await lone.openPersonal(1, 2);
  const sender = await lone.signIn(1);
  sender.say({ type: 'personal', conv_id: conversationId, msg: 'm' });
  await lone.clock.settle();
  let done = false;
  const drained = lone.node.drain().then(() => {
    done = true;
  });
  while (!done) await lone.clock.advanceAsync(10);
  await drained;
  expect(told).toEqual([{ type: 'check_all' }]);
  await lone.node.stop();
});

it('G10: what a client of the current protocol has sent before it heard of the drain is taken and answered', async () => {
  const lone = new LoneNode();
  await lone.node.start();
  const conv_id = await lone.openPersonal(1, 2);
  const sender = await CurrentPeer.signIn(lone, 1);
  void lone.node.drain();
  await lone.clock.settle();
  expect(sender.told('goaway')).toHaveLength(1);
  // On its way when the goaway left.
  expect(await sender.ask({ type: 'personal', conv_id, msg: 'm', client_id: 'c' })).toMatchObject({
    type: 'ack',
    seq: 1,
  });
  expect(sender.connection.closed).toBeNull();
  sender.connection.pong();
  await lone.clock.advanceAsync(50);
  expect(sender.connection.closed?.code).toBe(1012);
  await lone.clock.advanceAsync(10_000);
  await lone.node.stop();
});
