import { NOW, script } from './script.ts';

/** Gives a new incarnation its lease. */
export const takeLease = script(
  'take-lease',
  `
-- KEYS[1] leases (zset: incarnation by the time its lease ends), KEYS[2] marks (hash: incarnation to last message id)
-- ARGV[1] incarnation, ARGV[2] lease in ms, ARGV[3] last message id
-- Reply: 1, or 0 when there is such an incarnation already.
${NOW}
if redis.call('ZADD', KEYS[1], 'NX', now + ARGV[2], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return 1
`,
);
