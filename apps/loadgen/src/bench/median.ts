import type { Faults, Latency } from '../driver/driver-plan.ts';
import type { LoadResult } from './bench-report.ts';

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}

/** Several rounds of one load as one result: the median of each figure by itself, the sum of each kind of fault. */
export function medianOf(rounds: readonly LoadResult[]): LoadResult {
  const [first] = rounds;
  if (first === undefined) throw new Error('no rounds');
  const mid = (figure: (load: LoadResult) => number): number => median(rounds.map(figure));
  const latency = (of: (load: LoadResult) => Latency): Latency => ({
    p50Ms: mid((load) => of(load).p50Ms),
    p95Ms: mid((load) => of(load).p95Ms),
    p99Ms: mid((load) => of(load).p99Ms),
    maxMs: mid((load) => of(load).maxMs),
  });
  const kinds = Object.keys(first.report.faults) as (keyof Faults)[];
  const faults = Object.fromEntries(
    kinds.map((kind) => [kind, rounds.reduce((sum, load) => sum + load.report.faults[kind], 0)]),
  ) as unknown as Faults;
  return {
    ...first,
    acknowledgedPerSecond: mid((load) => load.acknowledgedPerSecond),
    deliveredPerSecond: mid((load) => load.deliveredPerSecond),
    edgeCpuUs: mid((load) => load.edgeCpuUs),
    databaseCpuUs: mid((load) => load.databaseCpuUs),
    redisCpuUs: mid((load) => load.redisCpuUs),
    driverCpuUs: mid((load) => load.driverCpuUs),
    publishesPerMessage: mid((load) => load.publishesPerMessage),
    commitsPerMessage: mid((load) => load.commitsPerMessage),
    receiptRowsPerMessage: mid((load) => load.receiptRowsPerMessage),
    receiptsPerMessage: mid((load) => load.receiptsPerMessage),
    statusesPerMessage: mid((load) => load.statusesPerMessage),
    report: {
      ...first.report,
      ack: latency((load) => load.report.ack),
      delivery: latency((load) => load.report.delivery),
      faults,
    },
  };
}
