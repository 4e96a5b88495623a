import type { ChatPlan, DriverEvent, DriverReport, EchoPlan } from '../driver/driver-plan.ts';
import { Child } from './child.ts';

const SETUP_MS = 120_000;

/** Runs one load in a process of its own; `onWindow` is called at both ends of the measured window. */
export async function runDriver(
  plan: ChatPlan | EchoPlan,
  onWindow: (end: 'open' | 'closed') => Promise<void> = () => Promise.resolve(),
): Promise<DriverReport> {
  let report: DriverReport | null = null;
  const pending: Promise<void>[] = [];
  const child = new Child('driver.js', [JSON.stringify(plan)], (line) => {
    const event = line as DriverEvent;
    if (event.event === 'window-open') pending.push(onWindow('open'));
    if (event.event === 'window-closed') pending.push(onWindow('closed'));
    if (event.event === 'report') report = event.report;
  });
  const drainMs = plan.kind === 'chat' ? plan.drainMs : 0;
  const code = await child.exited(SETUP_MS + plan.warmupMs + plan.windowMs + drainMs);
  await Promise.all(pending);
  if (report === null) throw new Error(`the driver ended with ${code} and without a report`);
  return report;
}
