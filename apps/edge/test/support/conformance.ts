import {
  type ConformanceOptions,
  type Need,
  RULES,
  type Rule,
  type RuleResult,
  runConformance,
} from '@parley/conformance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EdgeProcess } from './edge-process.ts';
import { token } from './jwt.ts';

/** What the rules are played on. */
export interface Stage extends Omit<ConformanceOptions, 'rules' | 'onResult'> {
  readonly nodes: readonly EdgeProcess[];
  readonly stop: () => Promise<unknown>;
}

/** Tokens that nodes with `JWT_SETTINGS` take. */
export const SIGN_IN_BY_TOKEN: NonNullable<ConformanceOptions['signIn']> = {
  kind: 'tokens',
  mint: (userId, { expiresInS }) => token({ sub: String(userId), exp: Math.floor(Date.now() / 1_000) + expiresInS }),
};

/** Rules that can be played where these needs are met. */
export const rulesFor = (...met: readonly Need[]): readonly Rule[] =>
  RULES.filter(({ needs }) => needs.every((need) => met.includes(need)));

/** Rules that ask for this. */
export const rulesThatNeed = (need: Need): readonly Rule[] => RULES.filter(({ needs }) => needs.includes(need));

/** The nodes, and their addresses. */
export const staged = (nodes: readonly EdgeProcess[]) => ({ nodes, urls: nodes.map(({ url }) => url) });

/** A machine that runs other tests beside may be slow to answer. */
const PATIENCE_MS = 20_000;
const TEST_TIMEOUT_MS = 180_000;

/** One test per rule. They are played side by side, each with users of its own, and each test waits for its own result. */
export function conformanceTests(
  name: string,
  rules: readonly Rule[],
  stage: () => Promise<Stage>,
  onResult: (result: RuleResult) => void = () => undefined,
): void {
  describe(name, () => {
    const results = new Map(rules.map(({ id }) => [id, new Awaited()]));
    let running: Promise<unknown> = Promise.resolve();
    let stop: () => Promise<unknown> = async () => undefined;
    let nodes: readonly EdgeProcess[] = [];

    beforeAll(async () => {
      const { stop: stopStage, nodes: stageNodes, ...options } = await stage();
      stop = stopStage;
      nodes = stageNodes;
      const note = (result: RuleResult): void => {
        onResult(result);
        results.get(result.id)?.set(result);
      };
      running = runConformance({ patienceMs: PATIENCE_MS, ...options, rules, onResult: note });
    });
    afterAll(async () => {
      await running;
      const complaints = nodes.flatMap(complaintsOf);
      await stop();
      // Whatever the clients were told: no node has failed at anything, or fallen.
      expect(complaints.slice(0, 3)).toEqual([]);
    }, TEST_TIMEOUT_MS);

    it.each(rules.map(({ id, title, proves }) => [[id, ...proves].join(', '), title, id] as const))(
      '%s: %s',
      { timeout: TEST_TIMEOUT_MS },
      async (_ids, _title, id) => {
        const result = await results.get(id)?.value;
        if (result?.outcome === 'passed') return;
        throw new Error([`${result?.outcome}: ${result?.reason}`, ...(result?.excerpt ?? [])].join('\n'));
      },
    );
  });
}

function complaintsOf({ logged, stderr }: EdgeProcess): readonly unknown[] {
  const errors = logged.filter(({ level }) => level === 'error' || level === 'fatal');
  return stderr === '' ? errors : [...errors, stderr];
}

/** A result that comes later. */
class Awaited {
  readonly value: Promise<RuleResult>;
  set: (result: RuleResult) => void = () => undefined;

  constructor() {
    this.value = new Promise((resolve) => {
      this.set = resolve;
    });
  }
}
