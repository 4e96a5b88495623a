import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Fault, findK6, HOW_TO_GET_K6, startPlainServer } from '@parley/loadgen';
import { describe, expect, test } from 'vitest';

/** What k6 exits with when a threshold is crossed. */
const THRESHOLDS_CROSSED = 99;
const k6 = findK6(process.env);
if (k6 === null) console.warn(`k6/test: the k6 scripts are NOT tested here.\n${HOW_TO_GET_K6}`);

/** Short runs on a busy machine: what is tested is the count, not the speed. */
const LENIENT = { ACK_P95_MS: '9999', ACK_P99_MS: '9999', DELIVERY_P95_MS: '9999', DELIVERY_P99_MS: '9999' };
const STEADY = {
  PAIRS: '4',
  GROUPS: '1',
  VUS: '2',
  RATE: '60',
  DURATION: '4s',
  WARMUP: '0s',
  DRAIN: '5s',
  SETUP: '10s',
};

interface Verdict {
  readonly code: number | null;
  readonly output: string;
}

function run(scenario: string, url: string, env: Record<string, string>): Promise<Verdict> {
  const script = fileURLToPath(new URL(`../scenarios/${scenario}.ts`, import.meta.url));
  const settings = Object.entries({ ...LENIENT, ...env, URLS: url }).flatMap(([name, value]) => [
    '-e',
    `${name}=${value}`,
  ]);
  const args = ['run', '--quiet', '--no-color', '--include-system-env-vars=false', ...settings, script];
  const child = spawn(k6 ?? '', args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 90_000 });
  let output = '';
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    output += data.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

async function against(fault: Fault, scenario: string, env: Record<string, string> = {}): Promise<Verdict> {
  const server = await startPlainServer({ port: 0, fault });
  try {
    return await run(scenario, server.url, env);
  } finally {
    await server.stop();
  }
}

/** The value that the summary shows for a counter. */
function count(output: string, metric: string): number {
  const match = new RegExp(`^\\s*${metric}\\.*: (\\d+)`, 'm').exec(output);
  return Number(match?.[1] ?? Number.NaN);
}

const SCENARIOS = [
  { scenario: 'smoke', env: {} },
  { scenario: 'chat-steady', env: STEADY },
];

describe.skipIf(k6 === null).each(SCENARIOS)('k6 $scenario', { timeout: 100_000 }, ({ scenario, env }) => {
  test('passes on a server that keeps its promises', async () => {
    const { code, output } = await against('none', scenario, env);
    expect(code, output).toBe(0);
    expect(count(output, 'parley_messages_acknowledged')).toBe(count(output, 'parley_messages_sent'));
    expect(count(output, 'parley_messages_delivered')).toBeGreaterThan(100);
    expect(count(output, 'parley_messages_redelivered')).toBe(0);
  });

  test('fails when one message is dropped (G4)', async () => {
    const { code, output } = await against('drop', scenario, { ...env, DRAIN: '1s' });
    expect(code, output).toBe(THRESHOLDS_CROSSED);
    expect(count(output, 'parley_messages_lost')).toBeGreaterThanOrEqual(1);
    expect(count(output, 'parley_messages_duplicated')).toBe(0);
  });

  test('fails when one message is doubled (G5)', async () => {
    const { code, output } = await against('double', scenario, env);
    expect(code, output).toBe(THRESHOLDS_CROSSED);
    expect(count(output, 'parley_messages_duplicated')).toBeGreaterThanOrEqual(1);
    expect(count(output, 'parley_messages_lost')).toBe(0);
  });

  test('fails when two messages are swapped (G5)', async () => {
    const { code, output } = await against('swap', scenario, env);
    expect(code, output).toBe(THRESHOLDS_CROSSED);
    expect(count(output, 'parley_messages_out_of_order')).toBeGreaterThanOrEqual(1);
    expect(count(output, 'parley_messages_lost')).toBe(0);
    expect(count(output, 'parley_messages_duplicated')).toBe(0);
  });

  test('survives cut connections: pending messages arrive after the reconnect, and count as no fault (G4)', async () => {
    const { code, output } = await against('cut', scenario, { ...env, MAX_SKIPPED: '1' });
    expect(code, output).toBe(0);
    expect(count(output, 'parley_disconnects')).toBeGreaterThanOrEqual(7);
    expect(count(output, 'parley_messages_lost')).toBe(0);
  });

  test('fails when there is no server', async () => {
    const server = await startPlainServer({ port: 0 });
    await server.stop();
    const { code, output } = await run(scenario, server.url, { ...env, SETUP: '1s', DRAIN: '1s' });
    expect(code, output).toBe(THRESHOLDS_CROSSED);
    expect(count(output, 'parley_failures')).toBeGreaterThanOrEqual(1);
  });

  test('refuses a setting that makes no sense, by name', async () => {
    const { code, output } = await run(scenario, 'ws://127.0.0.1:9', { ...env, RATE: 'much' });
    expect(code).not.toBe(0);
    expect(output).toContain('RATE=much');
  });
});
