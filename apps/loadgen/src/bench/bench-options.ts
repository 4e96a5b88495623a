import { parseArgs } from 'node:util';
import type { Protocol } from '../driver/driver-plan.ts';

export interface BenchOptions {
  readonly json: boolean;
  readonly pairs: number;
  readonly groups: number;
  readonly groupSize: number;
  /** Unanswered sends per sender in the closed-loop runs. */
  readonly window: number;
  readonly bodyLength: number;
  readonly warmupMs: number;
  readonly windowMs: number;
  readonly drainMs: number;
  readonly idleConnections: number;
  readonly rawMs: number;
  /** What the clients of our edges speak; measured in turn. */
  readonly protocols: readonly Protocol[];
  /** How often each full load is measured; the medians count. */
  readonly rounds: number;
  /** Share of the capacity that the open-loop runs offer. */
  readonly openShare: number;
  /** Cluster sizes to measure. */
  readonly nodes: readonly number[];
  readonly plain: boolean;
  /** Whether to measure what a resume costs. */
  readonly resume: boolean;
  /** Where to write CPU profiles of the edges; null: none are made. */
  readonly profileFolder: string | null;
}

export const USAGE = `npm run bench -- [options]: measures one edge and three, MariaDB with a flush per commit, Redis, all on this machine.

  --quick           a short run: one round, 2 s windows, 1,000 idle connections
  --json            one JSON object on standard output instead of tables
  --nodes 1,3       cluster sizes
  --protocols legacy,current
  --rounds 3        how often each protocol's full load is measured, in turn; the medians count
  --pairs 200       personal conversations; both sides send
  --groups 0        group conversations, of --group-size 5; all members send
  --window 16       unanswered sends per sender when looking for the capacity
  --open-share 0.6  share of that capacity for the latency runs
  --body 100        length of a message
  --seconds 5       length of each measured window
  --idle 10000      idle connections (0: skip)
  --no-plain        without the plain servers
  --no-resume       without the resumes
  --profile FOLDER  also write CPU profiles of the edges there, and print what costs most`;

/** null: help was asked for. Throws an error that names a wrong option. */
export function parseBenchOptions(argv: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...argv],
    allowNegative: true,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      nodes: { type: 'string', default: '1,3' },
      protocols: { type: 'string', default: 'legacy,current' },
      rounds: { type: 'string' },
      pairs: { type: 'string', default: '200' },
      groups: { type: 'string', default: '0' },
      'group-size': { type: 'string', default: '5' },
      window: { type: 'string', default: '16' },
      'open-share': { type: 'string', default: '0.6' },
      body: { type: 'string', default: '100' },
      seconds: { type: 'string' },
      idle: { type: 'string' },
      plain: { type: 'boolean', default: true },
      resume: { type: 'boolean', default: true },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const { quick } = values;
  return {
    json: values.json,
    pairs: number('pairs', values.pairs, 0),
    groups: number('groups', values.groups, 0),
    groupSize: number('group-size', values['group-size'], 2),
    window: number('window', values.window, 1),
    bodyLength: number('body', values.body, 32),
    warmupMs: quick ? 1_000 : 3_000,
    windowMs: 1_000 * number('seconds', values.seconds ?? (quick ? '2' : '5'), 0.1),
    drainMs: 30_000,
    idleConnections: number('idle', values.idle ?? (quick ? '1000' : '10000'), 0),
    rawMs: quick ? 1_000 : 4_000,
    openShare: number('open-share', values['open-share'], 0.01),
    nodes: values.nodes.split(',').map((count) => number('nodes', count, 1)),
    protocols: values.protocols.split(',').map(protocol),
    rounds: number('rounds', values.rounds ?? (quick ? '1' : '3'), 1),
    plain: values.plain,
    resume: values.resume,
    profileFolder: values.profile ?? null,
  };
}

function protocol(text: string): Protocol {
  if (text !== 'legacy' && text !== 'current') throw new Error(`--protocols ${text}: legacy, current or both`);
  return text;
}

function number(name: string, text: string, min: number): number {
  const value = Number(text);
  if (!(value >= min)) throw new Error(`--${name} ${text}: a number from ${min}`);
  return value;
}
