import { script } from './script.ts';

/** A page of the topics that a claimed incarnation still has. */
export const deadTopics = script(
  'dead-topics',
  `
-- KEYS[1] the incarnation's own set of topics, KEYS[2] claim on the incarnation
-- ARGV[1] claimer, ARGV[2] claim in ms, ARGV[3] most topics to name
-- Reply: { topic, ... }, or nil when the claim has ended.
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return false end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return redis.call('SRANDMEMBER', KEYS[1], ARGV[3])
`,
);
