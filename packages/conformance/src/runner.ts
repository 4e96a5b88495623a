import { performance } from 'node:perf_hooks';
import { NotPlayable } from './failure.ts';
import { type Need, type Rule, topicOf } from './rule.ts';
import { RULES } from './rules/all-rules.ts';
import { type OwnNode, Scene, type SignIn } from './scene.ts';
import { Transcript, type TranscriptLine } from './transcript.ts';

export interface ConformanceOptions {
  /** WebSocket addresses of one cluster; with several, the clients of a rule are spread over them. At least one. */
  readonly urls: readonly string[];
  /** Default: bare user ids, as development sign-in takes them. */
  readonly signIn?: SignIn;
  /** Starts one more node of the same cluster for a rule to stop; rules that need it are skipped without. */
  readonly startNode?: () => Promise<OwnNode>;
  /** What a rule waits for comes within this long or not at all. Default 10,000. */
  readonly patienceMs?: number;
  /** Rules that are played at the same time. Default 12. */
  readonly concurrency?: number;
  /** Default: all of them. */
  readonly rules?: readonly Rule[];
  readonly onResult?: (result: RuleResult) => void;
}

export interface RuleResult {
  readonly id: string;
  readonly topic: string;
  readonly title: string;
  readonly proves: readonly string[];
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly elapsedMs: number;
  /** What was expected and what came, or why it was skipped; null when it passed. */
  readonly reason: string | null;
  /** Every frame of the rule. */
  readonly transcript: readonly TranscriptLine[];
  /** The frames before a failure, for a reader; empty when it passed. */
  readonly excerpt: readonly string[];
}

const DEFAULT_PATIENCE_MS = 10_000;
const DEFAULT_CONCURRENCY = 12;
/** Rules that wait for something slow are given this much more. */
const SLOW_FACTOR = 3;
const EXCERPT_LINES = 24;

const MISSING: Readonly<Record<Need, string>> = {
  tokens: 'needs tokens: give the secret that the server checks them with',
  user_ids: 'needs sign-in by bare user id (development); the suite was given a way to make tokens',
  own_node: 'needs a node that may be stopped, which only a program that starts the server can offer',
};

/** Plays the rules and reports each once; the results are in the order of the rules. Never throws for what a server does. */
export async function runConformance(options: ConformanceOptions): Promise<readonly RuleResult[]> {
  const rules = options.rules ?? RULES;
  const results: RuleResult[] = new Array(rules.length);
  const queue = [...rules.entries()].sort(([, one], [, other]) => Number(other.slow) - Number(one.slow));
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [at, rule] = next;
      const result = await playRule(rule, options);
      results[at] = result;
      options.onResult?.(result);
    }
  };
  const workers = Math.min(options.concurrency ?? DEFAULT_CONCURRENCY, rules.length);
  await Promise.all(Array.from({ length: workers }, work));
  return results;
}

/** Plays one rule with users of its own. Never rejects. */
async function playRule(rule: Rule, options: ConformanceOptions): Promise<RuleResult> {
  const { id, title, proves } = rule;
  const about = { id, topic: topicOf(rule), title, proves };
  const skipped = (reason: string): RuleResult => ({
    ...about,
    ...{ outcome: 'skipped', elapsedMs: 0, reason, transcript: [], excerpt: [] },
  });
  const signIn = options.signIn ?? { kind: 'user_ids' };
  const given: Readonly<Record<Need, boolean>> = {
    tokens: signIn.kind === 'tokens',
    user_ids: signIn.kind === 'user_ids',
    own_node: options.startNode !== undefined,
  };
  const missing = rule.needs.find((need) => !given[need]);
  if (missing !== undefined) return skipped(MISSING[missing]);

  const transcript = new Transcript();
  const scene = new Scene({
    urls: options.urls,
    signIn,
    startNode: options.startNode ?? null,
    patienceMs: (options.patienceMs ?? DEFAULT_PATIENCE_MS) * (rule.slow ? SLOW_FACTOR : 1),
    transcript,
  });
  const startedAtMs = performance.now();
  let error: unknown = null;
  try {
    await rule.play(scene);
    await scene.quiet();
  } catch (thrown) {
    error = thrown;
  }
  const elapsedMs = Math.round(performance.now() - startedAtMs);
  const excerpt = error === null ? [] : transcript.excerpt(EXCERPT_LINES);
  const lines = [...transcript.lines];
  await scene.end();
  if (error instanceof NotPlayable) return skipped(error.message);
  const outcome = error === null ? 'passed' : 'failed';
  return {
    ...about,
    outcome,
    elapsedMs,
    reason: error === null ? null : reasonOf(error),
    transcript: lines,
    excerpt,
  };
}

/** A fault of the suite itself shows its stack. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'ConformanceFailure' ? error.message : (error.stack ?? error.message);
}
