import { NOW, script } from './script.ts';

/** Renews a lease that is still held (never one that has ended), and names incarnations whose lease has ended. */
export const renewLease = script(
  'renew-lease',
  `
-- KEYS[1] leases, KEYS[2] marks
-- ARGV[1] incarnation, ARGV[2] lease in ms, ARGV[3] last message id, ARGV[4] most dead incarnations to name
-- Reply: { 1 when renewed or 0 when lost, dead incarnation, ... }
${NOW}
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
local held = 0
if ends and tonumber(ends) > now then
  redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
  held = 1
end
return { held, unpack(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[4])) }
`,
);
