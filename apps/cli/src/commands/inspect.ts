import type { Command } from 'commander';
import { idArgument } from '../arguments.ts';
import { printable } from '../chat/events.ts';
import { CliError, usageError } from '../cli-error.ts';
import { configFromEnvironment, withOperatorStore } from '../edge-access.ts';
import { columns } from '../format.ts';
import { readNode } from '../node-report.ts';
import { lookUpPresence } from '../presence.ts';

interface InspectFlags {
  readonly admin?: string;
  readonly user?: number;
  readonly cluster?: boolean;
}

const EXAMPLES = `
Examples:
  parley inspect                              the node on this machine: state, load, latencies, what went wrong
  parley inspect --admin http://10.0.0.7:9128
  parley inspect --cluster                    the nodes that hold a lease in Redis, and the last message id
  parley inspect --user 7                     memberships, how far each was delivered, presence`;

export function inspectCommand(parent: Command): void {
  parent
    .command('inspect')
    .description('Shows what an operator wants to know first. Exit code 1 when a node is not ready.')
    .option('--admin <url>', 'admin address of a node (default: this machine, PARLEY_ADMIN_PORT)')
    .option('--user <id>', 'a user instead of a node', idArgument)
    .option('--cluster', 'the cluster instead of a node')
    .addHelpText('after', EXAMPLES)
    .action(inspect);
}

async function inspect(flags: InspectFlags): Promise<void> {
  if (flags.user !== undefined) await inspectUser(flags.user);
  else if (flags.cluster === true) await inspectCluster();
  else await inspectNode(flags.admin === undefined ? localAdmin() : adminAddress(flags.admin));
}

function adminAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return text;
  throw usageError(`Not the address of an admin port: ${text}`, 'Write it as http://host:9128.');
}

function localAdmin(): string {
  const { host, port } = configFromEnvironment().admin;
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

async function inspectNode(admin: string): Promise<void> {
  const { ready, lines } = await readNode(admin);
  console.log(lines.join('\n'));
  if (!ready) process.exitCode = 1;
}

async function inspectUser(userId: number): Promise<void> {
  await withOperatorStore(async (store, config) => {
    const user = await store.user(userId);
    if (user === null)
      throw new CliError(`There is no user ${userId}.`, 'Users sign in or are added with "parley user add".');
    const memberships = await store.memberships(userId);
    const presence = await lookUpPresence(config, [userId], () => store.lastMessageId());
    console.log(`${printable(user.name)} (user ${user.id}): ${presence.of(userId)}`);
    const rows = memberships.map(({ conversationId, kind, peerId, head, deliveredSeq }) => [
      String(conversationId),
      peerId === null ? kind : `${kind} with user ${peerId}`,
      String(head),
      String(deliveredSeq),
    ]);
    if (rows.length > 0) console.log(`\n${columns([['conversation', 'kind', 'head', 'delivered up to'], ...rows])}`);
    else console.log('Not a member of any conversation.');
    if (presence.note !== null) console.log(`\n${presence.note}`);
  });
}

async function inspectCluster(): Promise<void> {
  await withOperatorStore(async (store, config) => {
    const { nodes, note } = await lookUpPresence(config, [], () => store.lastMessageId());
    console.log(`Last message id: ${await store.lastMessageId()}`);
    console.log(nodes === null ? note : `Nodes with a lease: ${nodes.length === 0 ? 'none' : nodes.join(', ')}`);
  });
}
