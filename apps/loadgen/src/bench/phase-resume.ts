import { processCpuUs, threadsCpuUs } from '../cpu.ts';
import { pause } from '../driver/measure.ts';
import { inParallel } from '../driver/seat.ts';
import type { MysqlAddress } from '../peers/plain-store-mysql.ts';
import type { ResumeResult } from './bench-report.ts';
import type { CounterReader } from './counters.ts';
import { median } from './median.ts';
import { freshUserBase } from './phase-load.ts';
import { writeResumeUsers } from './resume-data.ts';
import { epochOf, type Resumed, resumeOnce } from './resume-probe.ts';

/** Longer than a node stays in the topics of users and groups that have left it (3 s). */
const FORGOTTEN_MS = 4_500;

export interface ResumeOptions {
  readonly url: string;
  readonly pids: { readonly edge: number; readonly database: number };
  readonly mysql: MysqlAddress;
  readonly counters: CounterReader;
  readonly users: number;
  readonly conversations: number;
  /** At the same time. */
  readonly parallel: number;
  readonly passes: number;
  /** Before those that count. */
  readonly warmUps: number;
}

/**
 * The users come back, so many at a time: one by one no read is shared, and the node knows nothing of who comes. What the node does by itself all the time is in it. Then all leave,
 * and when the node has forgotten them they come again.
 */
export async function measureResume(options: ResumeOptions): Promise<ResumeResult> {
  const { url, pids, mysql, counters, users, conversations, parallel, passes, warmUps } = options;
  const people = await writeResumeUsers(mysql, { users, conversations, userBase: freshUserBase() });
  const epoch = await epochOf(url, freshUserBase());
  const tookMs: number[] = [];
  let [edgeCpuUs, databaseCpuUs, reads] = [0, 0, 0];
  for (let pass = -warmUps; pass < passes; pass++) {
    await pause(FORGOTTEN_MS);
    const before = { ...(await counters.read()), edge: threadsCpuUs(pids.edge), database: processCpuUs(pids.database) };
    const resumed: Resumed[] = [];
    await inParallel(people, parallel, async (user) => void resumed.push(await resumeOnce(url, user, epoch)));
    const after = { edge: threadsCpuUs(pids.edge), database: processCpuUs(pids.database), ...(await counters.read()) };
    for (const { leave } of resumed) leave();
    if (pass < 0) continue;
    tookMs.push(...resumed.map((each) => each.tookMs));
    edgeCpuUs += after.edge - before.edge;
    databaseCpuUs += after.database - before.database;
    reads += after.selects - before.selects;
  }
  const resumes = passes * users;
  return {
    ...{ conversations, parallel, resumes },
    edgeCpuUs: edgeCpuUs / resumes,
    databaseCpuUs: databaseCpuUs / resumes,
    reads: reads / resumes,
    p50Ms: median(tookMs),
  };
}
