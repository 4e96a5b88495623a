import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { World } from './harness.ts';
import { ScriptedConnection } from './scripted-connection.ts';
import { refusalOf } from './scripted-server.ts';

let world: World;
beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

it('watches those whom it may, also when the server refuses the list for one of them', async () => {
  const ann = await world.connect(1);
  const bob = await world.connect(2);
  await world.settle(ann.createGroup({ name: 'g', memberIds: Array.from({ length: 120 }, (_, n) => n + 2) }));
  const online = new Map<number, boolean>();
  const errors: string[] = [];
  ann.on('presence', ({ userId, online: is }) => online.set(userId, is));
  ann.on('error', (error) => errors.push((error as { code?: string }).code ?? error.message));
  const strangers = [500, 501];
  const stop = ann.watchPresence([2, strangers[0] ?? 0, 3, ...Array.from({ length: 110 }, (_, n) => n + 4), 501]);
  await world.until(() => online.size === 112, 'the presence of all members');
  expect([online.get(2), online.get(3), online.get(500)]).toEqual([true, false, undefined]);
  expect(errors).toEqual(['not_acquainted', 'not_acquainted']);
  // Told of changes, and again after a reconnect.
  world.server.cut();
  await world.until(() => ann.state.status === 'connected' && bob.state.status === 'connected', 'both to be back');
  await world.settle(bob.close());
  await world.until(() => online.get(2) === false, 'bob to be told offline');
  stop();
});

describe('a server that cannot say just then', () => {
  const device = ScriptedConnection.forEachTest();

  it('is asked again', async () => {
    device.start();
    const { server, client, clock } = device;
    await server.greet(0);
    await device.state('connected');
    const heard = async (): Promise<void> => {
      const typing = new Promise<void>((resolve) => void client.on('typing', () => resolve()));
      server.say(0, { type: 'typing', conv_id: 7, user_id: server.frames(0).length, active: true });
      await typing;
    };
    const told: boolean[] = [];
    client.on('presence', ({ online }) => told.push(online));
    client.watchPresence([2]);
    server.say(0, refusalOf(await server.frame(0, 'watch'), 'store_unavailable', true, { retry_after_ms: 2_000 }));
    await heard();
    await clock.advanceAsync(1_999);
    expect(server.frames(0).filter(({ type }) => type === 'watch')).toHaveLength(1);
    await clock.advanceAsync(1);
    const { ref } = await server.frame(0, 'watch', 1);
    server.say(0, { type: 'presence', ref, users: [{ user_id: 2, online: true, last_seen: null }] });
    await heard();
    expect(told).toEqual([true]);
  });
});
