import { ENTER, NOW, POSITION, script } from './script.ts';

/**
 * Enters an incarnation into topics, all or nothing. Its own set of topics has a topic before the topic has the incarnation, so that a
 * reaper finds every entry; without a lease nothing is written, so that nothing comes in behind the reaper.
 */
export const joinTopics = script(
  'join-topics',
  `
-- KEYS[1] leases, KEYS[2] the incarnation's own set of topics, KEYS[3...] packed lists of the topics (at most 1,000)
-- ARGV[1] incarnation, ARGV[2] length of the topic keys' prefix
-- Reply: 1, or 0 when the lease has ended.
${NOW}${POSITION}${ENTER}
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not ends or tonumber(ends) <= now then return 0 end
local names = {}
for i = 3, #KEYS do names[i - 2] = string.sub(KEYS[i], ARGV[2] + 1) end
redis.call('SADD', KEYS[2], unpack(names))
for i = 3, #KEYS do enter(KEYS[i], ARGV[1]) end
return 1
`,
);
