import { openStores } from '@parley/edge';
import type { Command } from 'commander';
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
    throw explained(error, config);
  }
}
