import { expect, it } from 'vitest';
import { CurrentPeer } from '../testing/current-peer.ts';
import { LoneNode } from '../testing/lone-node.ts';

const DEVICES = 100;

it('G8: when many devices come back at once, their statuses are read a few at a time, and for none that has gone', async () => {
  let reading = 0;
  let most = 0;
  let reads = 0;
  const lone: LoneNode = new LoneNode({
    faults: ({ reader }) => ({
      reader: {
        cursors: async (ids, maxRows) => {
          reads++;
          most = Math.max(most, ++reading);
          await new Promise<void>((resolve) => lone.clock.after(1_000, resolve));
          reading--;
          return reader.cursors(ids, maxRows);
        },
      },
    }),
  });
  await lone.node.start();
  const conv_id = await lone.openPersonal(1, 2);
  const other = await CurrentPeer.signIn(lone, 2);
  const sender = await CurrentPeer.signIn(lone, 1, { status_of: [] });
  await sender.ask({ type: 'personal', conv_id, msg: 'hi' });
  other.connection.say({ type: 'seen', conv_id, seq: 1 });
  await lone.clock.advanceAsync(5_000);
  reads = 0;
  const devices = [];
  const status_of = Array.from({ length: 1_000 }, () => conv_id);
  for (let n = 0; n < DEVICES; n++) devices.push(await CurrentPeer.signIn(lone, 1, { status_of }));
  for (const { connection } of devices.slice(DEVICES / 2)) connection.hangUp();
  await lone.clock.advanceAsync(20_000);
  for (const device of devices.slice(0, DEVICES / 2)) expect(device.told('status')).toMatchObject([{ seen_seq: 1 }]);
  expect(most).toBeLessThanOrEqual(32);
  expect(reads).toBeLessThan(DEVICES);
  await lone.node.stop();
});
