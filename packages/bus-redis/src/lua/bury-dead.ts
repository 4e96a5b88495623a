import { script } from './script.ts';

/** Takes the last traces of a claimed incarnation away, once it has no topics left. */
export const buryDead = script(
  'bury-dead',
  `
-- KEYS[1] leases, KEYS[2] marks, KEYS[3] the incarnation's own set of topics, KEYS[4] claim on the incarnation
-- ARGV[1] incarnation, ARGV[2] claimer
-- Reply: 1, or 0 when it still has topics or the claim has ended.
if redis.call('GET', KEYS[4]) ~= ARGV[2] or redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[4])
return 1
`,
);
