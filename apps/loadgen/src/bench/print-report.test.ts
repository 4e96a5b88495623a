import { expect, test } from 'vitest';
import type { DriverReport, Faults } from '../driver/driver-plan.ts';
import { type BenchReport, broken, type LoadResult } from './bench-report.ts';
import { median, medianOf } from './median.ts';
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
    ...{ cpuUs: {}, driverCpuUs: 0, receipts: 0, statuses: 0, skipped: 0, faults: { ...NO_FAULTS, ...faults } },
  };
  return {
    ...{
      name,
      protocol: 'legacy' as const,
      offeredPerSecond,
      acknowledgedPerSecond: 13_000,
      deliveredPerSecond: 13_000,
    },
    ...{
      edgeCpuUs: 61,
      databaseCpuUs: 31,
      redisCpuUs: 2,
      driverCpuUs: 25,
      publishesPerMessage: 0.05,
      commitsPerMessage: 0.02,
      receiptRowsPerMessage: 0.031,
      receiptsPerMessage: 0.25,
      statusesPerMessage: 0.125,
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
        resumes: [
          {
            conversations: 1_000,
            parallel: 1,
            resumes: 40,
            edgeCpuUs: 1_234,
            databaseCpuUs: 2_345,
            reads: 1,
            p50Ms: 7.5,
          },
        ],
        loads: [
          { capacity: load('one edge', faults), steady: load('one edge', {}, 7_800) },
          {
            capacity: { ...load('one edge'), protocol: 'current' },
            steady: { ...load('one edge', {}, 7_800), protocol: 'current' },
          },
        ],
        ratios: [1.2, 0.9, 1],
      },
    ],
    plain: load('3 plain servers', { outOfOrder: 7 }),
  };
}

test('the tables show every run, the costs, and the ratio to each part', () => {
  const text = printReport(report({}));
  expect(text).toMatch(/one edge, legacy, full load +\| +13,000 \| +13,000 \| +1\.5 ms \| +3\.3 ms/);
  expect(text).toMatch(/one edge, current, 7,800\/s offered/);
  expect(text).toMatch(
    /61\.0 \| +31\.0 \| +2\.0 \| +94\.0 \| +25\.0 \| +0\.050 \| +0\.020 \| +0\.031 \| +0\.250 \| +0\.125/,
  );
  expect(text).toContain(
    'one edge, full load, CPU together per message, current / legacy: 1.00 (rounds: 1.20, 0.90, 1.00)',
  );
  expect(text).toMatch(/1,000 conversations, 1 at once \(40 resumes\) +\| +1\.23 \| +2\.35 \| +1\.00 \| +7\.5 ms/);
  expect(text).toMatch(/INSERT of 64 rows, 2 connections, rows +\| +26,000\/s \| +26\.0 \| +50\.0 %/);
  expect(text).toContain('4.5 KB per idle signed-in connection (10,000 of them, over 100.0 MB of the bare process)');
});

test('a fault in a run of ours is named; one of the plain servers is only shown', () => {
  expect(broken(report({}))).toEqual([]);
  expect(broken(report({ lost: 2, refused: 1 }))).toEqual(['one edge, legacy: lost 2', 'one edge, legacy: refused 1']);
});

test('several rounds count as their medians; their faults add up', () => {
  const rounds = [3, 1, 2].map((factor) => {
    const base = load('one edge', { lost: factor });
    return { ...base, edgeCpuUs: 10 * factor, acknowledgedPerSecond: 100 / factor };
  });
  const { edgeCpuUs, acknowledgedPerSecond, report: whole } = medianOf(rounds);
  expect([edgeCpuUs, acknowledgedPerSecond, whole.faults.lost]).toEqual([20, 50, 6]);
  expect(median([4, 1])).toBe(2.5);
});
