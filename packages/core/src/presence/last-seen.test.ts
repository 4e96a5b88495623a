import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { silentLog } from '../testing/test-doubles.ts';
import type { UserId } from '../types.ts';
import { LastSeen } from './last-seen.ts';

describe('last seen', () => {
  const open = () => {
    const clock = new FakeClock();
    const writes: { readonly userIds: readonly UserId[]; readonly atMs: number }[] = [];
    const faults = { failing: false };
    const touchUsers = async (userIds: readonly UserId[], atUs: number): Promise<void> => {
      if (faults.failing) throw new Error('the store is away');
      expect(atUs).toBe(clock.nowUs());
      writes.push({ userIds, atMs: clock.nowMs() });
    };
    return { clock, writes, faults, lastSeen: new LastSeen({ touchUsers }, clock, silentLog) };
  };

  it('writes the ends of many sessions together, well before the first can be told that a user went offline', async () => {
    const { clock, writes, lastSeen } = open();
    for (const userId of [7, 8, 7]) lastSeen.touch(userId);
    await clock.advanceAsync(1_000);
    expect(writes).toEqual([{ userIds: [7, 8], atMs: 1_000 }]);
    await clock.advanceAsync(10_000);
    expect([writes.length, clock.pendingTimers]).toEqual([1, 0]);
  });

  it('G8: past the bound, or when the store fails, times are lost and later ones are written', async () => {
    const { clock, writes, faults, lastSeen } = open();
    for (let userId = 1; userId <= 10_500; userId++) lastSeen.touch(userId);
    await lastSeen.flush();
    expect(writes.flatMap(({ userIds }) => userIds)).toHaveLength(10_000);
    expect(Math.max(...writes.map(({ userIds }) => userIds.length))).toBe(500);
    writes.length = 0;
    faults.failing = true;
    lastSeen.touch(7);
    await clock.advanceAsync(2_000);
    faults.failing = false;
    lastSeen.touch(8);
    await clock.advanceAsync(2_000);
    expect(writes.flatMap(({ userIds }) => userIds)).toEqual([8]);
  });

  it('writes the time of everybody who is here about once in a period, until it is stopped', async () => {
    const { clock, writes, faults, lastSeen } = open();
    const users = Array.from({ length: 1_200 }, (_, n) => ({ id: n + 1 }));
    lastSeen.startVisits(() => users, 300_000);
    await clock.advanceAsync(299_000);
    expect(writes).toEqual([]);
    await clock.advanceAsync(300_000);
    expect(writes.map(({ userIds }) => userIds.length)).toEqual([500, 500, 200]);
    expect(new Set(writes.flatMap(({ userIds }) => userIds)).size).toBe(1_200);
    // A store that fails costs one round.
    faults.failing = true;
    await clock.advanceAsync(300_000);
    faults.failing = false;
    writes.length = 0;
    await clock.advanceAsync(300_000);
    expect(new Set(writes.flatMap(({ userIds }) => userIds)).size).toBe(1_200);
    lastSeen.touch(1);
    lastSeen.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('goes on visiting a node that was empty', async () => {
    const { clock, writes, lastSeen } = open();
    const users: { id: number }[] = [];
    lastSeen.startVisits(() => users, 10_000);
    await clock.advanceAsync(50_000);
    users.push({ id: 7 });
    await clock.advanceAsync(10_000);
    expect(writes.map(({ userIds }) => userIds)).toEqual([[7]]);
    lastSeen.stop();
  });
});
