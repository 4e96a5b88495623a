import { createHistogram } from 'node:perf_hooks';
import { sampleCpuUs } from '../cpu.ts';
import type { Latency } from './driver-plan.ts';

const HIGHEST_US = 600_000_000;

/** Microseconds of the driver's own clock; only differences mean anything. */
export const nowUs = (): number => Math.floor(performance.now() * 1_000);

/** Latencies of the messages within the window, to three digits. */
export class LatencyRecorder {
  readonly #histogram = createHistogram({ lowest: 1, highest: HIGHEST_US, figures: 3 });

  record(us: number): void {
    this.#histogram.record(Math.max(1, Math.min(us, HIGHEST_US)));
  }

  get count(): number {
    return this.#histogram.count;
  }

  summary(): Latency {
    const ms = (us: number): number => Math.round(us) / 1_000;
    if (this.count === 0) return { p50Ms: 0, p95Ms: 0, p99Ms: 0, maxMs: 0 };
    return {
      p50Ms: ms(this.#histogram.percentile(50)),
      p95Ms: ms(this.#histogram.percentile(95)),
      p99Ms: ms(this.#histogram.percentile(99)),
      maxMs: ms(this.#histogram.max),
    };
  }
}

/** CPU time of the driver and of the watched processes between two moments. */
export class CpuWindow {
  readonly #watch: Readonly<Record<string, readonly number[]>>;
  readonly #before: Readonly<Record<string, number>>;
  readonly #ownBefore = process.cpuUsage();
  readonly #startUs = nowUs();

  constructor(watch: Readonly<Record<string, readonly number[]>>) {
    this.#watch = watch;
    this.#before = sampleCpuUs(watch);
  }

  end(): { windowMs: number; cpuUs: Record<string, number>; driverCpuUs: number } {
    const windowMs = (nowUs() - this.#startUs) / 1_000;
    const own = process.cpuUsage(this.#ownBefore);
    const after = sampleCpuUs(this.#watch);
    const cpuUs = Object.fromEntries(
      Object.entries(after).map(([name, used]) => [name, used - (this.#before[name] ?? 0)]),
    );
    return { windowMs, cpuUs, driverCpuUs: own.user + own.system };
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function waitFor(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) return false;
    await pause(20);
  }
  return true;
}
