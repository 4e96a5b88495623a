import { MAX_MARKS_PER_CALL, type MarkPlace } from '@parley/store-sql';
import { type Command, InvalidArgumentError } from 'commander';
import { durationArgument } from '../arguments.ts';
import { withOperatorStore } from '../edge-access.ts';

const DAY_S = 86_400;
const MARKS_PER_NOTE = 1_000_000;

const EXAMPLES = `
Examples:
  parley receipts thin --older-than 90d --dry-run    says what would go
  parley receipts thin --older-than 90d

Each move of a cursor in a personal conversation is kept, so that every message knows when it was delivered and when it was seen. Of the days that
are older, at most two moves of each member and day are kept: whether a message was delivered or seen stays exact, the times of these become exact to
the day (UTC). There is no way back. Safe while nodes run, again, and after it was interrupted; groups, which keep no moves, are not touched.`;

interface Flags {
  /** In seconds. */
  readonly olderThan: number;
  readonly dryRun?: boolean;
}

export function receiptsCommand(parent: Command): void {
  const receipts = parent
    .command('receipts')
    .description('What the store keeps of the statuses delivered and seen.')
    .addHelpText('after', EXAMPLES);
  receipts
    .command('thin')
    .description('Makes the times of old statuses exact to the day, which takes most of their rows away.')
    .allowExcessArguments(false)
    .requiredOption('--older-than <time>', 'keep the times of so many days exact, such as 90d', daysArgument)
    .option('--dry-run', 'only count')
    .addHelpText('after', EXAMPLES)
    .action(thin);
}

function daysArgument(text: string): number {
  const seconds = durationArgument(text);
  if (seconds % DAY_S !== 0) throw new InvalidArgumentError('Write a number of whole days, such as 90d.');
  return seconds;
}

async function thin({ olderThan, dryRun = false }: Flags): Promise<void> {
  await withOperatorStore(async (store) => {
    const beforeUs = (Date.now() - olderThan * 1_000) * 1_000;
    let from: MarkPlace | null = null;
    let read = 0;
    let removed = 0;
    do {
      const part = await store.thinMarks({ beforeUs, from, limit: MAX_MARKS_PER_CALL, dryRun });
      if (Math.floor((read + part.read) / MARKS_PER_NOTE) > Math.floor(read / MARKS_PER_NOTE)) {
        console.error(
          `${read + part.read} moves looked at, ${removed + part.removed} ${dryRun ? 'to remove' : 'removed'}`,
        );
      }
      read += part.read;
      removed += part.removed;
      from = part.next;
    } while (from !== null);
    console.log(`${dryRun ? 'Would remove' : 'Removed'} ${removed} of ${read} moves.`);
  });
}
