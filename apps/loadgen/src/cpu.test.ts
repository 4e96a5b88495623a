import { expect, test } from 'vitest';
import { processCpuUs, processRssBytes, sampleCpuUs } from './cpu.ts';

const linux = process.platform === 'linux';

test.runIf(linux)('CPU time of a process agrees with what the process says of itself, to a few ticks', () => {
  const end = performance.now() + 50;
  while (performance.now() < end);
  const { user, system } = process.cpuUsage();
  expect(Math.abs(processCpuUs(process.pid) - (user + system))).toBeLessThan(100_000);
  const sampled = sampleCpuUs({ twice: [process.pid, process.pid], none: [] });
  expect(sampled.twice).toBeGreaterThanOrEqual(2 * (user + system) - 200_000);
  expect(sampled.none).toBe(0);
});

test.runIf(linux)('resident memory agrees with what the process says of itself', () => {
  const own = process.memoryUsage.rss();
  expect(Math.abs(processRssBytes(process.pid) - own) / own).toBeLessThan(0.1);
});

test.runIf(linux)('a process that is gone is an error', () => {
  expect(() => processCpuUs(2 ** 30)).toThrow('ENOENT');
});
