import type { DriverReport } from '../driver/driver-plan.ts';
import type { RawResult } from '../raw/raw-result.ts';

/** One load on one system. */
export interface LoadResult {
  readonly name: string;
  /** null: closed loop, as fast as it goes. */
  readonly offeredPerSecond: number | null;
  readonly acknowledgedPerSecond: number;
  readonly deliveredPerSecond: number;
  /** CPU µs per acknowledged message. */
  readonly edgeCpuUs: number;
  readonly databaseCpuUs: number;
  readonly redisCpuUs: number;
  readonly driverCpuUs: number;
  readonly publishesPerMessage: number;
  /** Transactions that wrote something, those for statuses included. */
  readonly commitsPerMessage: number;
  readonly report: DriverReport;
}

export interface IdleResult {
  readonly connections: number;
  readonly bareBytes: number;
  readonly bytesPerConnection: number;
}

export interface ClusterResult {
  readonly nodes: number;
  readonly idle: IdleResult | null;
  readonly capacity: LoadResult;
  readonly steady: LoadResult;
}

export interface BenchReport {
  readonly machine: { readonly cpus: number; readonly model: string; readonly node: string; readonly database: string };
  readonly load: {
    readonly pairs: number;
    readonly groups: number;
    readonly groupSize: number;
    readonly window: number;
    readonly bodyLength: number;
    readonly windowMs: number;
  };
  readonly raw: { readonly echo: RawResult; readonly insert: RawResult; readonly publish: RawResult };
  readonly clusters: readonly ClusterResult[];
  readonly plain: LoadResult | null;
}

/** Whether any of our own runs broke a promise, or lost a connection. */
export function broken(report: BenchReport): string[] {
  const loads = report.clusters.flatMap(({ capacity, steady }) => [capacity, steady]);
  return loads.flatMap(({ name, report: { faults } }) =>
    Object.entries(faults)
      .filter(([, count]) => count > 0)
      .map(([fault, count]) => `${name}: ${fault} ${count}`),
  );
}
