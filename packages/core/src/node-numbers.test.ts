import { expect, it } from 'vitest';
import { CurrentPeer } from './testing/current-peer.ts';
import { LoneNode } from './testing/lone-node.ts';
import { ANSWER_MS, peersApart } from './testing/peers-apart.ts';
import { testSeed } from './testing/random.ts';

const seed = testSeed();

it('counts sessions while they are signed in, by protocol, and none that never was', async () => {
  const lone = new LoneNode();
  await lone.node.start();
  const { sessions } = lone.telemetry;
  const stranger = lone.connect();
  const legacy = await lone.signIn(1);
  const current = await CurrentPeer.signIn(lone, 1);
  await CurrentPeer.signIn(lone, 2);
  expect(sessions).toEqual({ legacy: 1, current: 2 });
  stranger.hangUp();
  legacy.hangUp();
  current.connection.hangUp();
  expect(sessions).toEqual({ legacy: 0, current: 1 });
  void lone.node.drain();
  await lone.clock.advanceAsync(10_000);
  expect(lone.telemetry.notices.goaway).toBe(1);
  expect(sessions).toEqual({ legacy: 0, current: 0 });
  await lone.node.stop();
});

it('counts who was asked for a new token', async () => {
  const lone: LoneNode = new LoneNode({
    authenticator: {
      authenticate: () => ({ ok: true, userId: 1, name: null, expiresAtUs: lone.clock.nowUs() + 200_000_000 }),
    },
  });
  await lone.node.start();
  await CurrentPeer.signIn(lone, 1);
  await lone.clock.advanceAsync(139_000);
  expect(lone.telemetry.notices.refresh_needed).toBe(0);
  await lone.clock.advanceAsync(2_000);
  expect(lone.telemetry.notices.refresh_needed).toBe(1);
  await lone.clock.advanceAsync(60_000);
  expect(lone.telemetry.sessions).toEqual({ legacy: 0, current: 0 });
  await lone.node.stop();
});

it(`G6: tells hints that are given up from heads that are announced later (seed ${seed})`, async () => {
  const { cluster, peers } = await peersApart(seed, 2);
  const [sender] = peers;
  const { conv_id } = await sender.ask({ type: 'init_personal', member: [1, 2] });
  cluster.network.backendDown();
  await cluster.advance(ANSWER_MS);
  const telemetry = cluster.nodes[0]!.telemetry;
  const before = telemetry.unannounced;
  expect(await sender.ask({ type: 'typing', conv_id })).toEqual({ type: 'ok' });
  expect(telemetry.droppedHints).toEqual({ status: 0, typing: 1 });
  expect(telemetry.unannounced).toBe(before);
  expect(await sender.ask({ type: 'personal', conv_id, msg: 'm' })).toMatchObject({ type: 'ack' });
  expect(telemetry.unannounced).toBe(before + 1);
  expect(telemetry.droppedHints.typing).toBe(1);
  cluster.network.backendComesUp({ empty: false });
  await cluster.advance(10_000);
  await cluster.stop();
});

it(`G9: counts a node's death once, on one of those that are left (seed ${seed})`, async () => {
  const { cluster } = await peersApart(seed, 3);
  const [first, ...others] = cluster.nodes;
  cluster.kill(first!);
  await cluster.advance(30_000);
  expect(others.reduce((sum, { telemetry }) => sum + telemetry.deaths, 0)).toBe(1);
  await cluster.stop();
});
