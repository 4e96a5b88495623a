import { expect, test } from 'vitest';
import type { ChatPlan, DriverReport, Pace } from '../src/driver/driver-plan.ts';
import type { Fault } from '../src/peers/fault.ts';
import { startPlainServer } from '../src/peers/plain-server.ts';
import { found, runDriver } from './run-driver.ts';

const OPEN: Pace = { kind: 'open', rate: 500 };
const CLOSED: Pace = { kind: 'closed', window: 4 };

async function drive(fault: Fault, pace: Pace, plan: Partial<ChatPlan> = {}): Promise<DriverReport> {
  const server = await startPlainServer({ port: 0, fault, faultAt: 100 });
  const whole: ChatPlan = {
    kind: 'chat',
    protocol: 'legacy',
    urls: [server.url],
    userBase: 1_000,
    pairs: 5,
    groups: 2,
    groupSize: 4,
    pace,
    bodyLength: 100,
    warmupMs: 100,
    windowMs: 600,
    drainMs: fault === 'none' ? 10_000 : 500,
    watch: { self: [process.pid] },
    ...plan,
  };
  try {
    return await runDriver(whole);
  } finally {
    await server.stop();
  }
}

test.each([OPEN, CLOSED])('finds nothing wrong with an honest server, pace $kind', async (pace) => {
  const { faults, acknowledged, delivered, ack, delivery, skipped, cpuUs, driverCpuUs, windowMs } = await drive(
    'none',
    pace,
  );
  expect(found(faults)).toEqual({});
  expect(acknowledged).toBeGreaterThan(100);
  expect(delivered).toBeGreaterThan(acknowledged);
  expect(ack.p50Ms).toBeGreaterThan(0);
  expect(ack.p50Ms).toBeLessThanOrEqual(ack.p99Ms);
  expect(delivery.p99Ms).toBeLessThanOrEqual(delivery.maxMs);
  expect(windowMs).toBeGreaterThanOrEqual(599);
  expect(driverCpuUs).toBeGreaterThan(0);
  expect(cpuUs.self).toBeGreaterThan(0);
  expect(skipped).toBe(0);
  if (pace.kind === 'open') expect(acknowledged / (windowMs / 1_000)).toBeLessThan(1.5 * pace.rate);
});

test('counts a message that a member does not get (G4)', async () => {
  const { faults } = await drive('drop', OPEN);
  expect(faults.lost).toBeGreaterThanOrEqual(1);
  expect(found(faults)).toEqual({ lost: faults.lost });
});

test('counts a message that comes twice (G5)', async () => {
  const { faults } = await drive('double', OPEN);
  expect(faults.duplicated).toBeGreaterThanOrEqual(1);
  expect(found(faults)).toEqual({ duplicated: faults.duplicated });
});

test('counts messages that come in the wrong order (G5)', async () => {
  const { faults } = await drive('swap', OPEN);
  expect(faults.outOfOrder).toBeGreaterThanOrEqual(1);
  expect(found(faults)).toEqual({ outOfOrder: faults.outOfOrder });
});

test('counts connections that are lost, and what was never answered on them', async () => {
  const { faults } = await drive('cut', OPEN);
  expect(faults.connectionsLost).toBe(5 * 2 + 2 * 4);
});

test('open pace: latency counts from the intended time, so a stalled server shows', async () => {
  const server = await startPlainServer({ port: 0 });
  const plan: ChatPlan = {
    ...{
      kind: 'chat',
      protocol: 'legacy',
      urls: [server.url],
      userBase: 1,
      pairs: 2,
      groups: 0,
      groupSize: 2,
      pace: OPEN,
      bodyLength: 60,
    },
    ...{ warmupMs: 0, windowMs: 1_200, drainMs: 10_000, watch: {} },
  };
  // The server runs in this process: while it is blocked, nobody is answered. A closed loop would see a few slow messages only.
  const report = await runDriver(plan, () => {
    const end = performance.now() + 600;
    while (performance.now() < end);
  });
  await server.stop();
  expect(found(report.faults)).toEqual({});
  expect(report.ack.p95Ms).toBeGreaterThan(200);
});
