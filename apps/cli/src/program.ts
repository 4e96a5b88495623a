import { createRequire } from 'node:module';
import { Command } from 'commander';

const VERSION = (createRequire(import.meta.url)('../package.json') as { version: string }).version;

interface Entry {
  readonly name: string;
  readonly summary: string;
  /** What defines the command: a chat client needs not load a database driver. */
  readonly load: () => Promise<(parent: Command) => void>;
}

const COMMANDS: readonly Entry[] = [
  { name: 'start', summary: 'run one node', load: async () => (await import('./commands/start.ts')).startCommand },
  {
    name: 'migrate',
    summary: 'bring the database schema up to date',
    load: async () => (await import('./commands/migrate.ts')).migrateCommand,
  },
  {
    name: 'user',
    summary: 'add, rename and list users',
    load: async () => (await import('./commands/user.ts')).userCommand,
  },
  {
    name: 'chat',
    summary: 'chat from the terminal',
    load: async () => (await import('./commands/chat.ts')).chatCommand,
  },
  {
    name: 'token',
    summary: 'make a token for a user',
    load: async () => (await import('./commands/token.ts')).tokenCommand,
  },
  {
    name: 'config',
    summary: 'list every setting',
    load: async () => (await import('./commands/config.ts')).configCommand,
  },
  {
    name: 'cluster',
    summary: 'run a whole cluster on this machine',
    load: async () => (await import('./commands/cluster.ts')).clusterCommand,
  },
  {
    name: 'conformance',
    summary: 'hold a server to every rule of the protocol',
    load: async () => (await import('./commands/conformance.ts')).conformanceCommand,
  },
  {
    name: 'inspect',
    summary: 'look at a node, at the cluster or at a user',
    load: async () => (await import('./commands/inspect.ts')).inspectCommand,
  },
  {
    name: 'why',
    summary: 'explain what happened to one message',
    load: async () => (await import('./commands/why.ts')).whyCommand,
  },
  {
    name: 'epoch',
    summary: 'after a restore: make old cursors void',
    load: async () => (await import('./commands/epoch.ts')).epochCommand,
  },
  {
    name: 'receipts',
    summary: 'thin what is kept of old statuses',
    load: async () => (await import('./commands/receipts.ts')).receiptsCommand,
  },
];

const EXAMPLES = `
Examples:
  parley start                          one node, nothing else needed; data in .parley/
  parley user add 7 "Dakola Timmy"
  parley chat --user 7 --to 8           talk to user 8 from the terminal
  parley cluster --nodes 3              MariaDB, Redis, three nodes and HAProxy on this machine
  parley config                         every setting, its value and what it does

Settings come from the environment. "parley help <command>" has more.`;

/** The program with all its commands, of which those named in the arguments are complete. */
export async function makeProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('parley')
    .description('A horizontally scalable realtime chat cluster.')
    .version(VERSION, '-V, --version')
    .exitOverride()
    .showHelpAfterError('Add --help for the options and examples.')
    .addHelpText('after', EXAMPLES);
  for (const { name, summary, load } of COMMANDS) {
    if (args.includes(name)) (await load())(program);
    else program.command(name);
    program.commands.at(-1)?.summary(summary);
  }
  return program;
}
