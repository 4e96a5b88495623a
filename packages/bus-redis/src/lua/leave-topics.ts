import { POSITION, REMOVE, script } from './script.ts';

/** Takes an incarnation out of topics, and the topics out of its own set. */
export const leaveTopics = script(
  'leave-topics',
  `
-- KEYS[1] the incarnation's own set of topics, KEYS[2...] packed lists of the topics (at most 1,000)
-- ARGV[1] incarnation, ARGV[2] length of the topic keys' prefix
-- Reply: 1
${POSITION}${REMOVE}
local names = {}
for i = 2, #KEYS do
  remove(KEYS[i], ARGV[1])
  names[i - 1] = string.sub(KEYS[i], ARGV[2] + 1)
end
redis.call('SREM', KEYS[1], unpack(names))
return 1
`,
);
