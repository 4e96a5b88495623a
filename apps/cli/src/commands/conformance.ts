import { readFileSync } from 'node:fs';
import {
  countResults,
  enter,
  formatReport,
  formatRuleList,
  NotAdmittedError,
  RULES,
  type Rule,
  type RuleResult,
  reach,
  resultLine,
  runConformance,
  type SignIn,
  selectRules,
  UnreachableError,
} from '@parley/conformance';
import { DEFAULT_PORT } from '@parley/protocol';
import type { Command } from 'commander';
import { wholeArgument } from '../arguments.ts';
import { CliError, usageError } from '../cli-error.ts';
import { signToken } from '../jwt.ts';
import { webSocketUrl } from '../web-socket-url.ts';

interface ConformanceFlags {
  readonly url?: readonly string[];
  readonly secret?: string;
  readonly secretFile?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly only?: string;
  readonly jobs: number;
  readonly patience: number;
  readonly json?: boolean;
  readonly list?: boolean;
  readonly verbose?: boolean;
}

const DEFAULT_URL = `ws://127.0.0.1:${DEFAULT_PORT}`;
const DEFAULT_JOBS = 12;
const DEFAULT_PATIENCE_S = 10;

const EXAMPLES = `
Examples:
  parley conformance                                        the node on this machine
  parley conformance --url ws://10.0.0.5:3128 --url ws://10.0.0.6:3128
                                                            two nodes of one cluster: the clients of each rule are on both
  parley conformance --secret-file ./jwt-secret             a server that asks for tokens (HS256)
  parley conformance --only V326,G7 --verbose               two sets of rules, with every frame
  parley conformance --list                                 every rule, in Markdown

Each rule makes users and conversations of its own, with random high ids, and leaves them behind: do not run it against
a server with real users. The exit code is 0 only when no rule failed.`;

export function conformanceCommand(parent: Command): void {
  parent
    .command('conformance')
    .description(
      'Plays a transcript for every rule of the protocol against a server, whoever wrote it, and prints a table.',
    )
    .option(
      '--url <url>',
      `address of a node or balancer; more than one for a cluster (default: ${DEFAULT_URL})`,
      collect,
    )
    .option(
      '--secret <text>',
      'sign in with tokens made with this secret (others on this machine can see it in the process list)',
    )
    .option('--secret-file <path>', 'as --secret, from a file')
    .option('--issuer <text>', 'issuer (iss) of the tokens')
    .option('--audience <text>', 'audience (aud) of the tokens')
    .option('--only <rules>', 'rules, topics or promises, separated by commas: V326, V9xx, G3')
    .option('--jobs <count>', 'rules that are played at the same time', wholeArgument(1, 256), DEFAULT_JOBS)
    .option(
      '--patience <seconds>',
      'what a rule waits for comes within this time',
      wholeArgument(1, 600),
      DEFAULT_PATIENCE_S,
    )
    .option('--json', 'print one JSON object')
    .option('--list', 'print the rules and play none')
    .option('--verbose', 'print every frame of every rule')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: ConformanceFlags) => {
      process.exitCode = await conformance(flags);
    });
}

const collect = (url: string, urls: readonly string[] = []): readonly string[] => [...urls, url];

async function conformance(flags: ConformanceFlags): Promise<number> {
  const rules = rulesOf(flags);
  if (flags.list === true) {
    console.log(formatRuleList(rules).trimEnd());
    return 0;
  }
  const urls = flags.url?.map(webSocketUrl) ?? [DEFAULT_URL];
  const signIn = signInOf(flags);
  await reachAll(urls);
  await enterAll(urls, signIn);
  const results = await runConformance({
    ...{ urls, signIn, rules, concurrency: flags.jobs, patienceMs: flags.patience * 1_000 },
    // The table comes at the end, by topic; whoever waits in front of a terminal sees that it goes on.
    onResult: (result) => {
      if (flags.json !== true && process.stderr.isTTY) console.error(resultLine(result));
    },
  });
  console.log(flags.json === true ? asJson(urls, results) : asText(results, flags.verbose === true));
  return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

function rulesOf({ only }: ConformanceFlags): readonly Rule[] {
  if (only === undefined) return RULES;
  const words = only.split(',').filter((word) => word.trim() !== '');
  const { rules, unknown } = selectRules(RULES, words);
  if (words.length > 0 && unknown.length === 0) return rules;
  throw usageError(`No such rule: ${unknown.join(', ') || only}`, '"parley conformance --list" has them all.');
}

function signInOf({ secret, secretFile, issuer, audience }: ConformanceFlags): SignIn {
  if (secret !== undefined && secretFile !== undefined) {
    throw usageError('--secret and --secret-file exclude each other', 'Give one of them.');
  }
  const key = secretFile === undefined ? secret : readSecret(secretFile);
  if (key === undefined) {
    if (issuer === undefined && audience === undefined) return { kind: 'user_ids' };
    throw usageError('--issuer and --audience are claims of tokens', 'Give --secret or --secret-file too.');
  }
  const claims = {
    ...(issuer === undefined ? {} : { iss: issuer }),
    ...(audience === undefined ? {} : { aud: audience }),
  };
  return {
    kind: 'tokens',
    mint: (userId, { expiresInS }) => {
      const now = Math.floor(Date.now() / 1_000);
      return signToken({ ...claims, sub: String(userId), exp: now + expiresInS }, key);
    },
  };
}

function readSecret(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new CliError(
      `Cannot read the secret: ${(error as Error).message}`,
      'Check the path given with --secret-file.',
    );
  }
}

async function reachAll(urls: readonly string[]): Promise<void> {
  try {
    await Promise.all(urls.map(reach));
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    throw new CliError(
      `No server there: ${error.message}`,
      'Start one with "parley start", or give the address of yours with --url.',
    );
  }
}

async function enterAll(urls: readonly string[], signIn: SignIn): Promise<void> {
  try {
    await Promise.all(urls.map((url) => enter(url, signIn)));
  } catch (error) {
    if (!(error instanceof NotAdmittedError)) throw error;
    throw new CliError(
      `No rule can be played: ${error.message}`,
      signIn.kind === 'tokens'
        ? 'Check --secret, --issuer and --audience; leave them out for a node with development sign-in.'
        : 'Give --secret-file or --secret: the secret that the server checks tokens with (PARLEY_JWT_SECRET).',
    );
  }
}

function asText(results: readonly RuleResult[], verbose: boolean): string {
  const frames = results.flatMap(({ id, title, transcript }) => [
    `${id} ${title}`,
    ...transcript.map(({ atMs, peer, direction, text }) => `  ${atMs} ms ${peer} ${direction}: ${text}`),
    '',
  ]);
  return [...(verbose ? frames : []), formatReport(results)].join('\n');
}

function asJson(urls: readonly string[], results: readonly RuleResult[]): string {
  // A rule that passed has nothing to explain.
  const shown = results.map(({ transcript, excerpt: _excerpt, ...result }) =>
    result.outcome === 'failed' ? { ...result, transcript } : result,
  );
  return JSON.stringify({ urls, ...countResults(results), results: shown });
}
