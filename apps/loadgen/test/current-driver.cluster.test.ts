import { expect, test } from 'vitest';
import type { ChatPlan, DriverReport, Pace } from '../src/driver/driver-plan.ts';
import { type CurrentFault, startCurrentServer } from './current-server.ts';
import { found, runDriver } from './run-driver.ts';

const OPEN: Pace = { kind: 'open', rate: 500 };
const CLOSED: Pace = { kind: 'closed', window: 4 };
const FAULT_AT = 20;

async function drive(fault: CurrentFault, pace: Pace): Promise<DriverReport & { heard: number }> {
  const server = await startCurrentServer(fault, FAULT_AT);
  const plan: ChatPlan = {
    ...{ kind: 'chat', protocol: 'current', urls: [server.url], userBase: 1_000, pairs: 5, groups: 2, groupSize: 4 },
    ...{ pace, bodyLength: 100, warmupMs: 100, windowMs: 1_000, drainMs: fault === 'none' ? 10_000 : 500, watch: {} },
  };
  try {
    const report = await runDriver(plan);
    return { ...report, heard: server.receipts() };
  } finally {
    await server.stop();
  }
}

test.each([OPEN, CLOSED])(
  'current: finds nothing wrong with an honest server, and says what it has, pace $kind',
  async (pace) => {
    const { faults, acknowledged, delivered, receipts, statuses, heard } = await drive('none', pace);
    expect(found(faults)).toEqual({});
    expect(acknowledged).toBeGreaterThan(100);
    expect(delivered).toBeGreaterThan(acknowledged);
    // 18 members, each at most once in 150 ms.
    expect(receipts).toBeGreaterThan(18);
    expect(receipts).toBeLessThanOrEqual(18 * 8);
    expect(heard).toBeGreaterThanOrEqual(receipts);
    expect(statuses).toBeGreaterThan(receipts / 2);
  },
);

test('current: an answer that names another request is found, though the order is right', async () => {
  const { faults } = await drive('swapped refs', CLOSED);
  // Two answers, and whatever receivers got before them.
  expect(faults.mismatched).toBeGreaterThanOrEqual(2);
  expect(found(faults)).toEqual({ mismatched: faults.mismatched });
});

test('current: an answer with another id than the message came with is found', async () => {
  const { faults } = await drive('other id', OPEN);
  expect(faults.mismatched).toBeGreaterThanOrEqual(1);
  expect(found(faults)).toEqual({ mismatched: faults.mismatched });
});

test('current: a message with a seq that was there before is out of order, though its id is not (G5)', async () => {
  const { faults } = await drive('old seq', OPEN);
  expect(faults.outOfOrder).toBeGreaterThanOrEqual(1);
  expect(found(faults)).toEqual({ outOfOrder: faults.outOfOrder, mismatched: faults.mismatched });
});

test('current: a second answer to one send belongs nowhere', async () => {
  const { faults } = await drive('double ack', CLOSED);
  expect(found(faults)).toEqual({ phantom: 1 });
});

test('current: a status that goes backwards is found (G6)', async () => {
  const { faults } = await drive('status back', OPEN);
  expect(faults.outOfOrder).toBeGreaterThanOrEqual(1);
  expect(found(faults)).toEqual({ outOfOrder: faults.outOfOrder });
});
