import { Command } from 'commander';
import { chatCommand } from './commands/chat.ts';
import { clusterCommand } from './commands/cluster.ts';
import { configCommand } from './commands/config.ts';
import { inspectCommand } from './commands/inspect.ts';
import { migrateCommand } from './commands/migrate.ts';
import { startCommand } from './commands/start.ts';
import { tokenCommand } from './commands/token.ts';
import { userCommand } from './commands/user.ts';
import { whyCommand } from './commands/why.ts';

const EXAMPLES = `
Examples:
  parley start                          one node, nothing else needed; data in .parley/
  parley user add 7 "Dakola Timmy"
  parley chat --user 7 --to 8           talk to user 8 from the terminal
  parley cluster --nodes 3              MariaDB, Redis, three nodes and HAProxy on this machine
  parley config                         every setting, its value and what it does

Settings come from the environment. "parley help <command>" has more.`;

export function makeProgram(): Command {
  const program = new Command('parley')
    .description('A horizontally scalable realtime chat cluster.')
    .version('0.1.0', '-V, --version')
    .exitOverride()
    .showHelpAfterError('Add --help for the options and examples.')
    .addHelpText('after', EXAMPLES);
  startCommand(program);
  migrateCommand(program);
  userCommand(program);
  chatCommand(program);
  tokenCommand(program);
  configCommand(program);
  clusterCommand(program);
  inspectCommand(program);
  whyCommand(program);
  return program;
}
