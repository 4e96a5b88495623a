import { expect, test } from 'vitest';
import type { DriverReport, Faults } from '../driver/driver-plan.ts';
import { type BenchReport, broken, type LoadResult } from './bench-report.ts';
import { printReport } from './print-report.ts';

const NO_FAULTS: Faults = {
  ...{
    lost: 0,
    duplicated: 0,
    outOfOrder: 0,
    mismatched: 0,
    phantom: 0,
    refused: 0,
    unanswered: 0,
    connectionsLost: 0,
  },
};

function load(name: string, faults: Partial<Faults> = {}, offeredPerSecond: number | null = null): LoadResult {
  const latency = { p50Ms: 1.5, p95Ms: 2, p99Ms: 3.25, maxMs: 4 };
  const report: DriverReport = {
    ...{ windowMs: 10_000, acknowledged: 130_000, delivered: 130_000, ack: latency, delivery: latency },
    ...{ cpuUs: {}, driverCpuUs: 0, skipped: 0, faults: { ...NO_FAULTS, ...faults } },
  };
  return {
    ...{ name, offeredPerSecond, acknowledgedPerSecond: 13_000, deliveredPerSecond: 13_000 },
    ...{
      edgeCpuUs: 61,
      databaseCpuUs: 31,
      redisCpuUs: 2,
      driverCpuUs: 25,
      publishesPerMessage: 0.05,
      commitsPerMessage: 0.02,
    },
    report,
  };
}

function report(faults: Partial<Faults>): BenchReport {
  return {
    machine: { cpus: 2, model: 'CPU', node: 'v20.0.0', database: '10.11' },
    load: { pairs: 200, groups: 0, groupSize: 5, window: 16, bodyLength: 100, windowMs: 10_000 },
    raw: {
      echo: { perSecond: 260_000, serverCpuUs: 1.7 },
      insert: { perSecond: 26_000, serverCpuUs: 26 },
      publish: { perSecond: 130_000, serverCpuUs: 2.3 },
    },
    clusters: [
      {
        nodes: 1,
        idle: { connections: 10_000, bareBytes: 100 * 1_048_576, bytesPerConnection: 4_608 },
        capacity: load('one edge', faults),
        steady: load('one edge', {}, 7_800),
      },
    ],
    plain: load('3 plain servers', { outOfOrder: 7 }),
  };
}

test('the tables show every run, the costs, and the ratio to each part', () => {
  const text = printReport(report({}));
  expect(text).toMatch(/one edge, full load +\| +13,000 \| +13,000 \| +1\.5 ms \| +3\.3 ms/);
  expect(text).toMatch(/one edge, 7,800\/s offered/);
  expect(text).toMatch(/61\.0 \| +31\.0 \| +2\.0 \| +94\.0 \| +25\.0 \| +0\.050 \| +0\.020/);
  expect(text).toMatch(/INSERT of 64 rows, 2 connections, rows +\| +26,000\/s \| +26\.0 \| +50\.0 %/);
  expect(text).toContain('4.5 KB per idle signed-in connection (10,000 of them, over 100.0 MB of the bare process)');
});

test('a fault in a run of ours is named; one of the plain servers is only shown', () => {
  expect(broken(report({}))).toEqual([]);
  expect(broken(report({ lost: 2, refused: 1 }))).toEqual(['one edge: lost 2', 'one edge: refused 1']);
});
