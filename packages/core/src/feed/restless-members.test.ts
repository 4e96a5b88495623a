import { expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { RestlessMembers } from './restless-members.ts';

it('G8: past its bound it has everything checked, once a second for as long as that lasts', async () => {
  const clock = new FakeClock();
  let checks = 0;
  const admitted = new Set<number>();
  const rows = Array.from({ length: 1_500 }, (_, at) => ({ conversationId: at + 1, userId: 7 }));
  let restless = true;
  const members: RestlessMembers = new RestlessMembers({
    clock,
    admit: async (conversationId) => void admitted.add(conversationId),
    // A check reads all of them, and finds them no calmer.
    checkAll: () => {
      checks++;
      if (restless) members.note(rows);
    },
  });
  members.note(rows);
  await clock.advanceAsync(999);
  expect({ checks, admitted: admitted.size }).toEqual({ checks: 0, admitted: 0 });
  await clock.advanceAsync(4_001);
  expect(checks).toBeGreaterThanOrEqual(4);
  expect(checks).toBeLessThanOrEqual(5);
  expect(admitted.size).toBe(1_000);
  restless = false;
  await clock.advanceAsync(2_000);
  const before = checks;
  await clock.advanceAsync(10_000);
  expect(checks).toBe(before);
  expect(clock.pendingTimers).toBe(0);
  members.stop();
});
