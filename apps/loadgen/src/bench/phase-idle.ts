import { readFileSync } from 'node:fs';
import { processRssBytes } from '../cpu.ts';
import type { IdlePlan } from '../driver/driver-plan.ts';
import { pause } from '../driver/measure.ts';
import type { IdleResult } from './bench-report.ts';
import { Child } from './child.ts';
import { freshUserBase } from './phase-load.ts';

const SPARE_FILES = 500;
const SIGN_IN_TIMEOUT_MS = 180_000;
const SETTLE_STEP_MS = 1_000;
const SETTLE_STEPS = 20;

/** Memory per signed-in connection that says nothing: what the edge's resident memory grew by, over the bare process just before. */
export async function measureIdle(options: {
  readonly url: string;
  readonly edgePid: number;
  readonly connections: number;
}): Promise<IdleResult> {
  const connections = Math.min(options.connections, openFileLimit(options.edgePid) - SPARE_FILES);
  const bareBytes = await settledRss(options.edgePid);
  const plan: IdlePlan = {
    kind: 'idle',
    urls: [options.url],
    userBase: freshUserBase(),
    connections,
    protocol: 'legacy',
  };
  const child = await signedIn(plan);
  const fullBytes = await settledRss(options.edgePid);
  await child.stop();
  return { connections, bareBytes, bytesPerConnection: (fullBytes - bareBytes) / connections };
}

function signedIn(plan: IdlePlan): Promise<Child> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the idle users did not all sign in')), SIGN_IN_TIMEOUT_MS);
    const child: Child = new Child('driver.js', [JSON.stringify(plan)], () => {
      clearTimeout(timer);
      resolve(child);
    });
    child.exited(2 ** 31 - 1).then((code) => {
      clearTimeout(timer);
      reject(new Error(`the idle driver ended with ${code}`));
    }, reject);
  });
}

/** Waits until it no longer moves by more than 0.5 % in a second, 20 s at most. */
async function settledRss(pid: number): Promise<number> {
  let rss = processRssBytes(pid);
  for (let step = 0; step < SETTLE_STEPS; step++) {
    await pause(SETTLE_STEP_MS);
    const next = processRssBytes(pid);
    if (Math.abs(next - rss) < 0.005 * rss) return next;
    rss = next;
  }
  return rss;
}

function openFileLimit(pid: number): number {
  const match = /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'latin1'));
  return match === null ? 1_024 : Number(match[1]);
}
