import type { ChatPlan, Pace, Protocol } from '../driver/driver-plan.ts';
import type { BenchOptions } from './bench-options.ts';
import type { ClusterResult, LoadResult } from './bench-report.ts';
import type { CounterReader, Counters } from './counters.ts';
import { medianOf } from './median.ts';
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

export async function measureLoad(
  target: Target,
  protocol: Protocol,
  pace: Pace,
  options: BenchOptions,
): Promise<LoadResult> {
  const { pairs, groups, groupSize, bodyLength, warmupMs, windowMs, drainMs } = options;
  const plan: ChatPlan = {
    kind: 'chat',
    protocol,
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
  const { acknowledged, delivered, receipts, statuses, cpuUs, driverCpuUs } = report;
  const seconds = report.windowMs / 1_000;
  return {
    name: target.name,
    protocol,
    offeredPerSecond: pace.kind === 'open' ? pace.rate : null,
    acknowledgedPerSecond: acknowledged / seconds,
    deliveredPerSecond: delivered / seconds,
    edgeCpuUs: (cpuUs.edge ?? 0) / acknowledged,
    databaseCpuUs: (cpuUs.database ?? 0) / acknowledged,
    redisCpuUs: (cpuUs.redis ?? 0) / acknowledged,
    driverCpuUs: driverCpuUs / acknowledged,
    publishesPerMessage: (after.publishes - before.publishes) / acknowledged,
    commitsPerMessage: (after.commits - before.commits) / acknowledged,
    receiptRowsPerMessage: (after.receiptRows - before.receiptRows) / acknowledged,
    receiptsPerMessage: receipts / acknowledged,
    statusesPerMessage: statuses / acknowledged,
    report,
  };
}

export type Loads = Pick<ClusterResult, 'loads' | 'ratios'>;

/**
 * First as fast as it goes, the protocols in turn and each time the other one first, so that what else the machine does hits both; then at a share of
 * what the slower one took, where latencies mean something.
 */
export async function measureProtocols(target: Target, options: BenchOptions): Promise<Loads> {
  const { protocols, rounds, window, openShare } = options;
  const measured = new Map<Protocol, LoadResult[]>(protocols.map((protocol) => [protocol, []]));
  for (let round = 0; round < rounds; round++) {
    for (const protocol of round % 2 === 0 ? protocols : [...protocols].reverse()) {
      measured.get(protocol)?.push(await measureLoad(target, protocol, { kind: 'closed', window }, options));
    }
  }
  const capacities = protocols.map((protocol) => medianOf(measured.get(protocol) ?? []));
  const slowest = Math.min(...capacities.map(({ acknowledgedPerSecond }) => acknowledgedPerSecond));
  const pace: Pace = { kind: 'open', rate: Math.max(1, Math.floor(slowest * openShare)) };
  const loads: { capacity: LoadResult; steady: LoadResult }[] = [];
  for (const capacity of capacities) {
    loads.push({ capacity, steady: await measureLoad(target, capacity.protocol, pace, options) });
  }
  const legacy = measured.get('legacy') ?? [];
  const current = measured.get('current') ?? [];
  const ratios = legacy.flatMap((load, round) => {
    const other = current[round];
    return other === undefined ? [] : [togetherUs(other) / togetherUs(load)];
  });
  return { loads, ratios };
}

/** Of edges, database and Redis. */
export const togetherUs = ({ edgeCpuUs, databaseCpuUs, redisCpuUs }: LoadResult): number =>
  edgeCpuUs + databaseCpuUs + redisCpuUs;
