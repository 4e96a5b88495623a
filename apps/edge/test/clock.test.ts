import { describe, expect, it } from 'vitest';
import { systemClock } from '../src/clock.ts';

describe('systemClock', () => {
  it('L8: tells the time of day in whole microseconds, and not only in milliseconds', () => {
    const digits = new Set<number>();
    for (let i = 0; i < 10_000; i++) {
      const us = systemClock.nowUs();
      expect(Number.isSafeInteger(us)).toBe(true);
      digits.add(us % 1_000);
    }
    expect(Math.abs(systemClock.nowUs() / 1_000 - Date.now())).toBeLessThan(500);
    expect(digits.size).toBeGreaterThan(100);
  });

  it('runs what is deferred after the present turn, and timers once or until cancelled', async () => {
    const events: string[] = [];
    systemClock.defer(() => events.push('deferred'));
    await Promise.resolve();
    events.push('same turn');
    await new Promise<void>((resolve) => {
      systemClock.after(1, () => events.push('never'))();
      const cancel = systemClock.every(1, () => {
        events.push('tick');
        cancel();
        systemClock.after(5, resolve);
      });
      // `every` alone keeps no process alive.
      systemClock.after(50, () => undefined);
    });
    expect(events).toEqual(['same turn', 'deferred', 'tick']);
  });
});
