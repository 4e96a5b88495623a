import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ChatPlan, DriverEvent, DriverReport, Faults } from '../src/driver/driver-plan.ts';

const DRIVER = fileURLToPath(new URL('../bin/driver.js', import.meta.url));

/** Runs the built driver to its end. */
export function runDriver(plan: ChatPlan, onWindowOpen: () => void = () => {}): Promise<DriverReport> {
  const child = spawn(process.execPath, [DRIVER, JSON.stringify(plan)], { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data: Buffer) => {
    const before = output;
    output += data.toString();
    if (!before.includes('window-open') && output.includes('window-open')) onWindowOpen();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const events = output.split('\n').filter((line) => line !== '');
      const last = JSON.parse(events.at(-1) ?? '{}') as Partial<DriverEvent>;
      if (last.event === 'report' && last.report !== undefined) resolve(last.report);
      else reject(new Error(`driver ended with ${code}: ${output}`));
    });
  });
}

/** The kinds of faults that were found, with their counts. */
export const found = (faults: Faults): Partial<Faults> =>
  Object.fromEntries(Object.entries(faults).filter(([, count]) => count > 0));
