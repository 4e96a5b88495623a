/**
 * Plays a transcript for every rule of the protocols against any server, and says which of them it keeps: `parley conformance`, and tests. Shares no code
 * with the engine.
 */
export { enter, NotAdmittedError } from './admission.ts';
export { ConformanceFailure } from './failure.ts';
export { reach, UnreachableError } from './reach.ts';
export { countResults, formatReport, resultLine, type Totals } from './report.ts';
export { type Need, type Rule, TOPICS, topicOf } from './rule.ts';
export { formatRuleList } from './rule-list.ts';
export { RULES } from './rules/all-rules.ts';
export { type ConformanceOptions, type RuleResult, runConformance } from './runner.ts';
export type { OwnNode, SignIn } from './scene.ts';
export { selectRules } from './select.ts';
export type { TranscriptLine } from './transcript.ts';
