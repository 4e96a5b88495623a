import { openStores } from '@parley/edge';
import { DatabaseInUseError } from '@parley/store-sql';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { configFromEnvironment, explained } from '../edge-access.ts';

const EXAMPLES = `
Examples:
  mysql_host=db mysql_user=parley mysql_password=… db_name=parley REDIS_URL=redis://redis parley migrate

Safe at any time and from many places at once. Run it before nodes of a new build start; those that run are not
disturbed. The embedded store needs none: its node brings it up to date by itself.`;

export function migrateCommand(parent: Command): void {
  parent
    .command('migrate')
    .description("Brings the schema of the configured database up to this build's version.")
    .addHelpText('after', EXAMPLES)
    .action(migrate);
}

async function migrate(): Promise<void> {
  const config = configFromEnvironment();
  try {
    const stores = await openStores(config);
    try {
      const { from, to } = await stores.migrate();
      if (from === to) console.log(`The schema has version ${to} already.`);
      else console.log(`The schema has version ${to} now, ${from === null ? 'made from nothing' : `before ${from}`}.`);
    } finally {
      await stores.close();
    }
  } catch (error) {
    if (error instanceof DatabaseInUseError) {
      throw new CliError(
        'A node has the embedded store open, and brought it up to date when it started.',
        'There is nothing to do; a newer build does the same when it starts.',
      );
    }
    throw explained(error, config);
  }
}
