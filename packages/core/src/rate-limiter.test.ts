import { expect, it } from 'vitest';
import { RateLimiter } from './rate-limiter.ts';
import { FakeClock } from './testing/fake-clock.ts';
import { Random, testSeed } from './testing/random.ts';

it('takes ten at once, and the next when it said', () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter(clock, 10, 10_000);
  for (let n = 0; n < 10; n++) {
    expect(limiter.take()).toBe(0);
    clock.advance(100);
  }
  expect(limiter.take()).toBe(9_000);
  clock.advance(8_999);
  expect(limiter.take()).toBe(1);
  clock.advance(1);
  expect(limiter.take()).toBe(0);
  expect(limiter.take()).toBe(100);
});

const seed = testSeed();

it(`never takes more than its number in any window, and refuses only when it must (PARLEY_TEST_SEED=${seed})`, () => {
  const random = new Random(seed);
  const clock = new FakeClock();
  const limiter = new RateLimiter(clock, 10, 10_000);
  const taken: number[] = [];
  let refused = 0;
  for (let n = 0; n < 5_000; n++) {
    clock.advance(random.chance(0.1) ? random.below(9_000) : random.below(400));
    const inWindow = taken.filter((atMs) => atMs > clock.nowMs() - 10_000);
    const retryAfterMs = limiter.take();
    expect(retryAfterMs === 0).toBe(inWindow.length < 10);
    if (retryAfterMs === 0) taken.push(clock.nowMs());
    else {
      refused++;
      expect(retryAfterMs).toBe((inWindow[0] ?? 0) + 10_000 - clock.nowMs());
    }
  }
  expect(refused).toBeGreaterThan(100);
});
