import type { ChatPlan, Pace } from '../driver/driver-plan.ts';
import type { BenchOptions } from './bench-options.ts';
import type { LoadResult } from './bench-report.ts';
import type { CounterReader, Counters } from './counters.ts';
import { runDriver } from './run-driver.ts';

/** What is put under load, with the processes that do the work. */
export interface Target {
  readonly name: string;
  readonly urls: readonly string[];
  readonly pids: {
    readonly edge: readonly number[];
    readonly database: readonly number[];
    readonly redis: readonly number[];
  };
  readonly counters: CounterReader;
}

let nextUserBase = 10_000_000;

/** A block of user ids that nobody has used: no backlog, no old conversations. */
export function freshUserBase(): number {
  nextUserBase += 1_000_000;
  return nextUserBase;
}

export async function measureLoad(target: Target, pace: Pace, options: BenchOptions): Promise<LoadResult> {
  const { pairs, groups, groupSize, bodyLength, warmupMs, windowMs, drainMs } = options;
  const plan: ChatPlan = {
    kind: 'chat',
    urls: target.urls,
    userBase: freshUserBase(),
    ...{ pairs, groups, groupSize, pace, bodyLength, warmupMs, windowMs, drainMs },
    watch: target.pids,
  };
  const counted: Counters[] = [];
  const report = await runDriver(plan, async () => {
    counted.push(await target.counters.read());
  });
  const [before, after] = counted;
  if (before === undefined || after === undefined) throw new Error('the counters were not read at both ends');
  const { acknowledged, delivered, cpuUs, driverCpuUs } = report;
  const seconds = report.windowMs / 1_000;
  return {
    name: target.name,
    offeredPerSecond: pace.kind === 'open' ? pace.rate : null,
    acknowledgedPerSecond: acknowledged / seconds,
    deliveredPerSecond: delivered / seconds,
    edgeCpuUs: (cpuUs.edge ?? 0) / acknowledged,
    databaseCpuUs: (cpuUs.database ?? 0) / acknowledged,
    redisCpuUs: (cpuUs.redis ?? 0) / acknowledged,
    driverCpuUs: driverCpuUs / acknowledged,
    publishesPerMessage: (after.publishes - before.publishes) / acknowledged,
    commitsPerMessage: (after.commits - before.commits) / acknowledged,
    report,
  };
}

/** First as fast as it goes, then at a share of that, where latencies mean something. */
export async function measureBoth(
  target: Target,
  options: BenchOptions,
): Promise<{ capacity: LoadResult; steady: LoadResult }> {
  const capacity = await measureLoad(target, { kind: 'closed', window: options.window }, options);
  const rate = Math.max(1, Math.floor(capacity.acknowledgedPerSecond * options.openShare));
  const steady = await measureLoad(target, { kind: 'open', rate }, options);
  return { capacity, steady };
}
