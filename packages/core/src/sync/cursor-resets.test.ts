import { expect, it } from 'vitest';
import type { Log } from '../ports/telemetry.ts';
import { CurrentPeer, type Told } from '../testing/current-peer.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { LoneNode } from '../testing/lone-node.ts';
import { CountingTelemetry, silentLog } from '../testing/test-doubles.ts';
import { CursorResets } from './cursor-resets.ts';

it('G1: counts every device, and says in the log at most once a minute that some are ahead of the store', () => {
  const clock = new FakeClock();
  const telemetry = new CountingTelemetry();
  const lines: object[] = [];
  const log: Log = { ...silentLog, warn: (fields, message) => void lines.push({ ...fields, message }) };
  const resets = new CursorResets({ clock, telemetry, log });
  resets.note('epoch', 1, 5);
  expect(lines).toEqual([]);
  resets.note('ahead', 2, 5);
  resets.note('ahead', 3, 1);
  clock.advance(59_999);
  resets.note('ahead', 4, 1);
  const message = expect.stringContaining('run npx parley epoch renew');
  expect(lines).toEqual([{ devices: 1, userId: 2, conversations: 5, message }]);
  clock.advance(1);
  resets.note('ahead', 5, 7);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toEqual({ devices: 3, userId: 5, conversations: 7, message });
  expect(telemetry.resets).toEqual({ ahead: 4, epoch: 1, unknown: 0 });
});

it('counts a device once, whatever number of its conversations it has to forget, and none that is in order', async () => {
  const lone = new LoneNode();
  await lone.node.start();
  const conversations = [await lone.openPersonal(1, 2), await lone.openPersonal(1, 3), await lone.openPersonal(1, 4)];
  const [first = 0, second = 0, third = 0] = conversations;
  const sender = await CurrentPeer.signIn(lone, 1);
  for (const conv_id of conversations) await sender.ask({ type: 'personal', conv_id, msg: 'hello' });
  const reasons = (peer: CurrentPeer): Told[] =>
    peer.told('reset', 'synced').map(({ type, reason, seq }) => ({ type, reason, seq }) as Told);

  const good = await CurrentPeer.signIn(lone, 1, {
    epoch: 'epoch-1',
    cursors: { [first]: 1, [second]: 0, [third]: 1 },
  });
  expect(reasons(good).map(({ type }) => type)).toEqual(['synced', 'synced', 'synced']);
  expect(lone.telemetry.resets).toEqual({ ahead: 0, epoch: 0, unknown: 0 });

  const ahead = await CurrentPeer.signIn(lone, 1, {
    epoch: 'epoch-1',
    cursors: { [first]: 9, [second]: 2, [third]: 1, 77: 3 },
  });
  expect(reasons(ahead).filter(({ type }) => type === 'reset')).toEqual([
    { type: 'reset', reason: 'ahead', seq: 1 },
    { type: 'reset', reason: 'ahead', seq: 1 },
    { type: 'reset', reason: 'ahead', seq: 0 },
  ]);
  expect(lone.telemetry.resets).toEqual({ ahead: 1, epoch: 0, unknown: 0 });

  // Of clients that never heard of epochs, the cursors are believed as far as they can be.
  const plain = await CurrentPeer.signIn(lone, 1, { cursors: { [first]: 1, [second]: 2 } });
  expect(reasons(plain).sort((a, b) => String(a.type).localeCompare(String(b.type)))).toEqual([
    { type: 'reset', reason: 'ahead', seq: 1 },
    { type: 'synced', seq: 1 },
    { type: 'synced', seq: 1 },
  ]);
  expect(lone.telemetry.resets).toEqual({ ahead: 2, epoch: 0, unknown: 0 });

  await CurrentPeer.signIn(lone, 1, { epoch: 'epoch-0', cursors: { [first]: 1 } });
  expect(lone.telemetry.resets).toEqual({ ahead: 2, epoch: 1, unknown: 0 });
  await lone.node.stop();
});

it('a device that makes up conversations, or names those of others, is told to forget them, and is no sign of a database that was put back', async () => {
  const lone = new LoneNode();
  await lone.node.start();
  const [own, foreign] = [await lone.openPersonal(1, 2), await lone.openPersonal(3, 4)];
  const cursors = { [own]: 0, [foreign]: 5, 77: 3 };
  const peer = await CurrentPeer.signIn(lone, 1, { epoch: 'epoch-1', cursors });
  expect(peer.told('reset')).toMatchObject([
    { conv_id: foreign, seq: 0, reason: 'ahead' },
    { conv_id: 77, seq: 0, reason: 'ahead' },
  ]);
  expect(lone.telemetry.resets).toEqual({ ahead: 0, epoch: 0, unknown: 1 });
  await CurrentPeer.signIn(lone, 1, { epoch: 'epoch-1', cursors: { ...cursors, [own]: 1 } });
  expect(lone.telemetry.resets).toEqual({ ahead: 1, epoch: 0, unknown: 1 });
  await CurrentPeer.signIn(lone, 1, { epoch: 'epoch-0', cursors: { 77: 3 } });
  expect(lone.telemetry.resets).toEqual({ ahead: 1, epoch: 1, unknown: 1 });
  await lone.node.stop();
});

it('G4: a device that has left many groups is told of each that it has all of it, in a few reads', async () => {
  let reads = 0;
  const lone = new LoneNode({
    faults: ({ conversations }) => ({
      conversations: {
        membershipsIn: (...asked) => {
          reads++;
          return conversations.membershipsIn(...asked);
        },
      },
    }),
  });
  await lone.node.start();
  const owner = await CurrentPeer.signIn(lone, 1);
  const member = await CurrentPeer.signIn(lone, 2);
  const cursors: Record<string, number> = {};
  for (let n = 0; n < 150; n++) {
    const { conv_id } = await owner.ask({ type: 'init_group', member: [1, 2], group_name: `g ${n}` });
    expect(await owner.ask({ type: 'group_remove', conv_id, user_id: 2 })).toMatchObject({ seq: 1 });
    await owner.ask({ type: 'group', conv_id, msg: 'among ourselves' });
    await member.ask({ type: 'delivered', conv_id, seq: 1 });
    cursors[String(conv_id)] = 1;
  }
  member.connection.hangUp();
  await lone.clock.advanceAsync(10_000);
  // Beside a thousand that it never was in.
  const all = { ...cursors, ...Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [10_000 + n, 1])) };
  const again = await CurrentPeer.signIn(lone, 2, { epoch: 'epoch-1', cursors: all, groups: [] });
  expect(again.told('synced').map(({ conv_id, seq }) => [String(conv_id), seq])).toEqual(Object.entries(cursors));
  expect(again.told('reset')).toHaveLength(1_000);
  expect(again.told('sync_complete')).toMatchObject([{ conversations: 1_150 }]);
  expect(reads).toBe(2);
  await lone.node.stop();
});

it('counts what the promises of the current protocol are about', async () => {
  const lone = new LoneNode();
  await lone.node.start();
  const [a, b] = [await CurrentPeer.signIn(lone, 1), await CurrentPeer.signIn(lone, 2)];
  await lone.signIn(3);
  const { conv_id } = await a.ask({ type: 'init_group', member: [1, 2, 3], group_name: 'G', client_id: 'g' });
  await a.ask({ type: 'init_group', member: [1, 2, 3], group_name: 'G', client_id: 'g' });
  const send = { type: 'group', conv_id, msg: 'm', client_id: 'm1' };
  await a.ask(send);
  expect(await a.ask(send)).toMatchObject({ type: 'ack', duplicate: true });
  await b.ask({ type: 'typing', conv_id });
  await a.ask({ type: 'watch', user_id: [2] });
  expect(lone.node.status().watches).toBe(1);
  await a.ask({ type: 'group_rename', conv_id, group_name: 'H', client_id: 'r' });
  await a.ask({ type: 'group_rename', conv_id, group_name: 'H', client_id: 'r' });
  await b.ask({ type: 'seen', conv_id, seq: 2 });
  await lone.clock.advanceAsync(3_000);
  b.connection.hangUp();
  await lone.clock.advanceAsync(10_000);
  const again = await CurrentPeer.signIn(lone, 2, { cursors: { [String(conv_id)]: 1 } });

  const { telemetry } = lone;
  expect(telemetry.signIns).toEqual({ legacy: 1, current: 3 });
  expect(telemetry.groupChanges).toEqual(new Map([['renamed', 1]]));
  expect(telemetry.duplicates).toEqual(
    new Map([
      ['init_group', 1],
      ['group', 1],
      ['group_rename', 1],
    ]),
  );
  const told = (type: string): number => [a, b, again].reduce((sum, peer) => sum + peer.told(type).length, 0);
  expect(telemetry.notices).toMatchObject({
    status: told('status'),
    typing: 1,
    presence: a.told('presence').length - 1,
  });
  expect(telemetry.notices.status).toBeGreaterThan(0);
  expect(telemetry.notices.presence).toBeGreaterThan(0);
  // Whoever has no conversation has no statuses to be told.
  expect(telemetry.presentStatusReads).toBe(1);
  expect(telemetry.resumes).toEqual({ devices: 3, conversations: 1, recovered: again.told('group', 'event').length });
  expect(telemetry.resumes.recovered).toBe(1);
  await lone.node.stop();
});
