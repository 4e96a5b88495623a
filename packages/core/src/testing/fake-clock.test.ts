import { describe, expect, it } from 'vitest';
import { FakeClock } from './fake-clock.ts';

describe('FakeClock', () => {
  it('runs timers by due time, then by the order they were set, each at its own time', () => {
    const clock = new FakeClock();
    const ran: string[] = [];
    const log = (name: string) => () => ran.push(`${name}@${clock.nowMs()}`);
    clock.after(20, log('b'));
    clock.after(10, log('a'));
    clock.after(20, log('c'));
    clock.every(15, log('e'));
    clock.after(5, () => clock.after(7, log('nested')));
    clock.advance(30);
    expect(ran).toEqual(['a@10', 'nested@12', 'e@15', 'b@20', 'c@20', 'e@30']);
    expect(clock.nowMs()).toBe(30);
    expect(clock.pendingTimers).toBe(1);
  });

  it('forgets a cancelled timer, also when it is cancelled by itself or twice', () => {
    const clock = new FakeClock();
    let count = 0;
    const cancel = clock.every(10, () => {
      count += 1;
      if (count === 2) cancel();
    });
    clock.advance(100);
    cancel();
    expect(count).toBe(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it('keeps deferred work until tick, and what it defers until the next', () => {
    const clock = new FakeClock();
    const ran: number[] = [];
    clock.defer(() => {
      ran.push(1);
      clock.defer(() => ran.push(2));
    });
    clock.advance(1000);
    expect(ran).toEqual([]);
    clock.tick();
    expect(ran).toEqual([1]);
    clock.tick();
    expect(ran).toEqual([1, 2]);
  });

  it('lets promises settle between timers in advanceAsync', async () => {
    const clock = new FakeClock();
    const ran: string[] = [];
    const sleep = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
    const loop = async () => {
      for (let i = 0; i < 3; i += 1) {
        await sleep(10);
        ran.push(`${clock.nowMs()}`);
      }
    };
    const done = loop();
    await clock.advanceAsync(35);
    await done;
    expect(ran).toEqual(['10', '20', '30']);
    expect(clock.nowUs() - new FakeClock().nowUs()).toBe(35_000);
  });
});
