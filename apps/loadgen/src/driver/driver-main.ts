import { ChatRun } from './chat-run.ts';
import type { DriverEvent, DriverPlan } from './driver-plan.ts';
import { runEcho } from './echo-run.ts';
import { inParallel, Seat } from './seat.ts';

const PARALLEL_SIGN_INS = 64;

/** Runs the plan given as one JSON argument; see `DriverPlan` and `DriverEvent`. */
export async function main(argv: readonly string[]): Promise<void> {
  const plan = JSON.parse(argv[0] ?? '{}') as DriverPlan;
  const emit = (event: DriverEvent): void => {
    process.stdout.write(`${JSON.stringify(event)}\n`);
  };
  switch (plan.kind) {
    case 'chat':
      emit({ event: 'report', report: await new ChatRun(plan, emit).run() });
      break;
    case 'echo':
      emit({ event: 'report', report: await runEcho(plan, emit) });
      break;
    case 'idle': {
      const seats = Array.from({ length: plan.connections }, (_, i) => {
        return new Seat(plan.userBase + i, plan.protocol, (seat, reason) => {
          console.error(`driver: idle user ${seat.userId}: ${reason}`);
          process.exit(1);
        });
      });
      let turn = 0;
      await inParallel(seats, PARALLEL_SIGN_INS, async (seat) => seat.open(plan.urls[turn++ % plan.urls.length] ?? ''));
      emit({ event: 'ready' });
      process.stdin.resume();
      await new Promise<void>((resolve) => process.stdin.once('end', resolve));
      break;
    }
  }
  process.exit(0);
}
