import { expect, it } from 'vitest';
import type { Identity } from '../ports/authenticator.ts';
import { LoneNode } from '../testing/lone-node.ts';

const HOUR_US = 3_600_000_000;

it('G8: a session that ends while its new token is being checked leaves no timer behind', async () => {
  let checked: ((identity: Identity) => void) | null = null;
  const identity = (): Identity => ({ ok: true, userId: 1, name: null, expiresAtUs: lone.clock.nowUs() + HOUR_US });
  const lone: LoneNode = new LoneNode({
    authenticator: {
      authenticate: (proof) =>
        proof === 'aa.bb.first' ? identity() : new Promise<Identity>((resolve) => (checked = resolve)),
    },
  });
  await lone.node.start();
  const timers = lone.clock.pendingTimers;
  const connection = lone.connect();
  connection.say({ type: 'hello', v: 2, token: 'aa.bb.first' });
  await lone.clock.settle();
  expect(connection.frames[0]).toContain('"type":"welcome"');
  expect(lone.clock.pendingTimers).toBe(timers + 1);
  connection.say({ type: 'refresh', token: 'aa.bb.second' });
  connection.hangUp();
  const left = lone.clock.pendingTimers;
  (checked as ((identity: Identity) => void) | null)?.(identity());
  await lone.clock.settle();
  expect(lone.clock.pendingTimers).toBe(left);
  await lone.node.stop();
});
