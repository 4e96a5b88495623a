import { runEdge } from '@parley/edge';
import type { Command } from 'commander';

const EXAMPLES = `
Examples:
  parley start                                   one node on port 3128; data in .parley/, development sign-in
  PORT=4000 PARLEY_DATA_DIR=/srv/parley parley start
  mysql_host=db mysql_user=parley mysql_password=… db_name=parley REDIS_URL=redis://redis parley start
                                                 a node of a cluster, after "parley migrate"

SIGTERM or Ctrl-C drains the node; a second one ends it at once. "parley config" lists the settings.`;

export function startCommand(parent: Command): void {
  parent
    .command('start')
    .description('Runs one node until it is told to stop. Settings come from the environment.')
    .showHelpAfterError('Settings are no options: PORT=4000 parley start. Add --help for examples.')
    .addHelpText('after', EXAMPLES)
    .action(() => runEdge(process.env));
}
