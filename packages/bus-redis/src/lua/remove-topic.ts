import { POSITION, REMOVE, script } from './script.ts';

/** Cluster mode, first step of a leave: one topic's packed list. */
export const removeTopic = script(
  'remove-topic',
  `
-- KEYS[1] packed list of the topic
-- ARGV[1] incarnation
-- Reply: 1
${POSITION}${REMOVE}
remove(KEYS[1], ARGV[1])
return 1
`,
);
