import { ENTER, POSITION, script } from './script.ts';

/** Cluster mode, second step of a join: one topic's packed list. */
export const enterTopic = script(
  'enter-topic',
  `
-- KEYS[1] packed list of the topic
-- ARGV[1] incarnation
-- Reply: 1
${POSITION}${ENTER}
enter(KEYS[1], ARGV[1])
return 1
`,
);
