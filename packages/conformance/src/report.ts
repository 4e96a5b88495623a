import type { RuleResult } from './runner.ts';

const MARKS = { passed: 'ok', failed: 'FAILED', skipped: 'skipped' } as const;

/** One line per rule: id, result, time, what. */
export function resultLine({ id, outcome, elapsedMs, title, proves }: RuleResult): string {
  const time = outcome === 'skipped' ? '' : `${elapsedMs} ms`;
  const proven = proves.length === 0 ? '' : ` [${proves.join(', ')}]`;
  return `${id.padEnd(6)} ${MARKS[outcome].padEnd(8)} ${time.padStart(9)}  ${title}${proven}`;
}

/** The whole table, by topic; what failed is explained below it. */
export function formatReport(results: readonly RuleResult[]): string {
  const topics = [...new Set(results.map(({ topic }) => topic))];
  const table = topics.flatMap((topic) => [
    '',
    topic,
    ...results.filter((result) => result.topic === topic).map((result) => resultLine(result)),
  ]);
  return [...table.slice(1), ...explainSkipped(results), ...explainFailed(results), '', formatTotals(results)].join(
    '\n',
  );
}

export type Totals = Readonly<Record<RuleResult['outcome'], number>>;

export function countResults(results: readonly RuleResult[]): Totals {
  const count = (outcome: RuleResult['outcome']): number =>
    results.filter((result) => result.outcome === outcome).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

function formatTotals(results: readonly RuleResult[]): string {
  const { passed, failed, skipped } = countResults(results);
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function explainSkipped(results: readonly RuleResult[]): readonly string[] {
  const reasons = [...new Set(results.filter(({ outcome }) => outcome === 'skipped').map(({ reason }) => reason))];
  return reasons.flatMap((reason) => {
    const ids = results
      .filter((result) => result.outcome === 'skipped' && result.reason === reason)
      .map(({ id }) => id);
    return ['', `Skipped (${reason}): ${ids.join(', ')}`];
  });
}

function explainFailed(results: readonly RuleResult[]): readonly string[] {
  return results
    .filter(({ outcome }) => outcome === 'failed')
    .flatMap(({ id, title, reason, excerpt }) => [
      '',
      `${id} ${title}`,
      ...(reason ?? '').split('\n').map((line) => `  ${line}`),
      ...excerpt.map((line) => `    ${line}`),
    ]);
}
