import { script } from './script.ts';

/** Cluster mode, last step of a leave: the incarnation's own set. */
export const unregisterTopics = script(
  'unregister-topics',
  `
-- KEYS[1] the incarnation's own set of topics
-- ARGV[1...] topics (at most 1,000)
-- Reply: how many were in it.
return redis.call('SREM', KEYS[1], unpack(ARGV))
`,
);
