import type { Command } from 'commander';
import { withOperatorStore } from '../edge-access.ts';

const EXAMPLES = `
Examples:
  parley epoch                          shows it
  parley epoch renew                    after a database was put back to an older copy, or a failover lost commits

Clients of the current protocol remember how far they have read, and of which epoch. When the database has gone back, what they remember is of another
history: with a new epoch, each of them is told to forget it and to read again. Messages, users and statuses stay as they are.`;

export function epochCommand(parent: Command): void {
  const epoch = parent
    .command('epoch')
    .description('Shows the epoch of the store, which says to clients that its history is the one they know.')
    .allowExcessArguments(false)
    .addHelpText('after', EXAMPLES)
    .action(show);
  epoch
    .command('renew')
    .description('Gives the store a new epoch. Asks nothing. Nodes that run must be restarted afterwards.')
    .allowExcessArguments(false)
    .action(renew);
}

async function show(): Promise<void> {
  await withOperatorStore(async (store) => console.log(await store.epoch()));
}

async function renew(): Promise<void> {
  await withOperatorStore(async (store) => {
    const { before, after } = await store.renewEpoch();
    console.log(`The epoch is now ${after}, before ${before}.`);
    console.log(
      'Restart every node that is running: until then it tells the one before, and may know more than the database has.',
    );
  });
}
