import { NOW, script } from './script.ts';

/** All incarnations that hold a lease. */
export const liveNodes = script(
  'live-nodes',
  `
-- KEYS[1] leases
-- Reply: { incarnation, ... }
${NOW}
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf')
`,
);
