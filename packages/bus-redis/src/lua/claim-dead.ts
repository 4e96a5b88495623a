import { NOW, script } from './script.ts';

/** Chooses one node to clear away an incarnation: one whose lease has ended, or the claimer's own. */
export const claimDead = script(
  'claim-dead',
  `
-- KEYS[1] leases, KEYS[2] marks, KEYS[3] claim on the incarnation
-- ARGV[1] incarnation, ARGV[2] claimer, ARGV[3] claim in ms, ARGV[4] 1: also while the lease lasts
-- Reply: its last message id, or nil when it is not dead, cleared away already or claimed by another.
${NOW}
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not ends or (tonumber(ends) > now and ARGV[4] ~= '1') then return false end
if not redis.call('SET', KEYS[3], ARGV[2], 'NX', 'PX', ARGV[3]) then return false end
return redis.call('HGET', KEYS[2], ARGV[1]) or '0'
`,
);
