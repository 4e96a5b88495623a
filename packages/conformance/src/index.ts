export { ConformanceFailure } from './failure.ts';
export { formatReport, formatTotals, resultLine } from './report.ts';
export { type Need, type Rule, TOPICS, topicOf } from './rule.ts';
export { RULES } from './rules/all-rules.ts';
export { type ConformanceOptions, playRule, type RuleResult, runConformance } from './runner.ts';
export type { OwnNode, SignIn } from './scene.ts';
export type { TranscriptLine } from './transcript.ts';
