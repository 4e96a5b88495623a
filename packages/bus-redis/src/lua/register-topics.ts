import { NOW, script } from './script.ts';

/** Cluster mode, first step of a join: the incarnation's own set, while its lease lasts. */
export const registerTopics = script(
  'register-topics',
  `
-- KEYS[1] leases, KEYS[2] the incarnation's own set of topics (same slot)
-- ARGV[1] incarnation, ARGV[2...] topics (at most 1,000)
-- Reply: 1, or 0 when the lease has ended.
${NOW}
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not ends or tonumber(ends) <= now then return 0 end
redis.call('SADD', KEYS[2], unpack(ARGV, 2))
return 1
`,
);
