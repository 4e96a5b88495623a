import type { DriverReport, Protocol } from '../driver/driver-plan.ts';
import type { RawResult } from '../raw/raw-result.ts';

/** One load on one system. */
export interface LoadResult {
  readonly name: string;
  readonly protocol: Protocol;
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
  /** Rows that receipts have written: of `members` and `receipt_marks`, by the database's own count. */
  readonly receiptRowsPerMessage: number;
  /** `delivered` frames that clients have sent. */
  readonly receiptsPerMessage: number;
  /** `status` frames that clients were told. */
  readonly statusesPerMessage: number;
  readonly report: DriverReport;
}

export interface IdleResult {
  readonly connections: number;
  readonly bareBytes: number;
  readonly bytesPerConnection: number;
}

/** What it costs that a device comes back which has missed nothing. */
export interface ResumeResult {
  readonly conversations: number;
  /** At the same time; 1: one after the other. */
  readonly parallel: number;
  readonly resumes: number;
  /** Of the node, per resume, connecting included. */
  readonly edgeCpuUs: number;
  readonly databaseCpuUs: number;
  /** SELECTs by the database's own count, per resume. */
  readonly reads: number;
  /** From the first byte to `sync_complete`. */
  readonly p50Ms: number;
}

export interface ClusterResult {
  readonly nodes: number;
  readonly idle: IdleResult | null;
  readonly resumes: readonly ResumeResult[];
  /** One per protocol. */
  readonly loads: readonly { readonly capacity: LoadResult; readonly steady: LoadResult }[];
  /** CPU of edges, database and Redis together per message at full load: current over legacy, one figure per round. */
  readonly ratios: readonly number[];
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
  const loads = report.clusters.flatMap(({ loads }) => loads.flatMap(({ capacity, steady }) => [capacity, steady]));
  return loads.flatMap(({ name, protocol, report: { faults } }) =>
    Object.entries(faults)
      .filter(([, count]) => count > 0)
      .map(([fault, count]) => `${name}, ${protocol}: ${fault} ${count}`),
  );
}
