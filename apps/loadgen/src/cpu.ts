import { readdirSync, readFileSync } from 'node:fs';

/** The kernel counts CPU time of /proc in ticks of 1/100 s (USER_HZ), on every architecture that Node runs on. */
const US_PER_TICK = 10_000;

/** User and system time that a process has used so far, in µs; its threads included. Linux only. Throws when it is gone. */
export function processCpuUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The command's name is in parentheses and may hold anything; fields are counted behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * US_PER_TICK;
}

/** As `processCpuUs`, to the nanosecond: threads that have ended meanwhile are missing. Linux only. Throws when the process is gone. */
export function threadsCpuUs(pid: number): number {
  let ns = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]);
  }
  return ns / 1_000;
}

/** Resident memory of a process in bytes. */
export function processRssBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  if (match === null) throw new Error(`no VmRSS for process ${pid}`);
  return Number(match[1]) * 1024;
}

/** CPU time by name, summed over each name's processes. */
export function sampleCpuUs(watch: Readonly<Record<string, readonly number[]>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(watch).map(([name, pids]) => [name, pids.reduce((sum, pid) => sum + processCpuUs(pid), 0)]),
  );
}
