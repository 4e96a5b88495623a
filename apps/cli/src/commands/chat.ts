import { readFileSync } from 'node:fs';
import { DEFAULT_PORT } from '@parley/protocol';
import type { Command } from 'commander';
import { idArgument, idsArgument } from '../arguments.ts';
import { ChatApp } from '../chat/chat-app.ts';
import { ChatClient } from '../chat/chat-client.ts';
import { Terminal } from '../chat/terminal.ts';
import { CliError, usageError } from '../cli-error.ts';
import { realClock } from '../real-clock.ts';
import { webSocketUrl } from '../web-socket-url.ts';

interface ChatFlags {
  readonly user?: number;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly url: string;
  readonly to?: number;
  readonly group?: string;
  readonly members?: number[];
  readonly json?: boolean;
  readonly follow?: boolean;
  readonly manualSeen?: boolean;
  readonly reconnect: boolean;
}

const EXAMPLES = `
Examples:
  parley chat --user 7 --to 8                       talk to user 8 (development sign-in)
  parley chat --user 8                              read what is pending, answer with /open or /use
  parley chat --user 7 --group Livescore --members 8,9
  parley chat --token "$(parley token --user 7)" --to 8
  echo "the build is green" | parley chat --user 7 --to 8
  parley chat --user 8 --json --follow < /dev/null  every event as one line of JSON, until stopped

Messages shown are marked as seen; --manual-seen leaves that to /seen. In the chat, /help lists the commands.`;

export function chatCommand(parent: Command): void {
  parent
    .command('chat')
    .description('A small chat client of the legacy protocol: sends, receives, marks as seen, reconnects.')
    .option('--user <id>', 'sign in as this user (development sign-in)', idArgument)
    .option('--token <jwt>', 'sign in with a token (others on this machine can see it in the process list)')
    .option('--token-file <path>', 'sign in with the token in this file')
    .option('--url <url>', 'address of a node or of the load balancer', `ws://127.0.0.1:${DEFAULT_PORT}`)
    .option('--to <id>', 'open the conversation with this user', idArgument)
    .option('--group <name>', 'create a group; needs --members')
    .option('--members <ids>', 'user ids, separated by commas', idsArgument)
    .option('--json', 'print every event as one line of JSON')
    .option('--follow', 'go on receiving after the end of piped input')
    .option('--manual-seen', 'mark messages as seen only on /seen')
    .option('--no-reconnect', 'end when the connection is lost')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: ChatFlags) => {
      process.exitCode = await chat(flags);
    });
}

async function chat(flags: ChatFlags): Promise<number> {
  if (flags.to !== undefined && flags.group !== undefined) {
    throw usageError('--to and --group exclude each other', 'Give one; open the other one later with /open or /group.');
  }
  if ((flags.group === undefined) !== (flags.members === undefined)) {
    throw usageError('--group and --members belong together', 'Write --group "a name" --members 8,9.');
  }
  const { stdin: input, stdout: output } = process;
  const colour = output.isTTY && !('NO_COLOR' in process.env);
  const terminal = new Terminal({ input, output, json: flags.json === true, colour });
  const show = (event: Parameters<Terminal['show']>[0]): void => terminal.show(event);
  const client = new ChatClient({
    url: webSocketUrl(flags.url),
    firstFrame: firstFrame(flags),
    reconnect: flags.reconnect,
    autoSeen: flags.manualSeen !== true,
    clock: realClock,
    random: Math.random,
    show,
  });
  const app = new ChatApp(client, show);
  const stop = (): void => client.stop();
  process.once('SIGTERM', stop).once('SIGINT', stop);

  client.start();
  const opened = openFirst(client, flags);
  const typed = terminal.each(async (line) => {
    await opened;
    await app.input(line);
  });
  void typed.then(async (end) => {
    if (end === 'interrupted') client.stop();
    else if (flags.follow !== true) await opened.then(() => client.quit());
  });
  const code = await client.finished;
  terminal.close();
  input.destroy();
  return code;
}

async function openFirst(client: ChatClient, flags: ChatFlags): Promise<void> {
  if (flags.to !== undefined) await client.openPersonal(flags.to);
  else if (flags.group !== undefined) await client.openGroup(flags.group, flags.members ?? []);
}

function firstFrame(flags: ChatFlags): string {
  const ways = [flags.user, flags.token, flags.tokenFile].filter((way) => way !== undefined);
  if (ways.length !== 1) {
    const hint =
      'Give --user 7 for the development sign-in, or --token / --token-file for a node with PARLEY_AUTH=jwt.';
    throw usageError(ways.length === 0 ? 'Who are you?' : '--user, --token and --token-file exclude each other', hint);
  }
  if (flags.tokenFile === undefined) return flags.token?.trim() ?? String(flags.user);
  try {
    return readFileSync(flags.tokenFile, 'utf8').trim();
  } catch (error) {
    throw new CliError(`Cannot read the token: ${(error as Error).message}`, 'Check the path given with --token-file.');
  }
}
