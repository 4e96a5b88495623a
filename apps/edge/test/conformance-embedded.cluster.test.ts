import { conformanceTests, rulesFor, rulesThatNeed, SIGN_IN_BY_TOKEN, staged } from './support/conformance.ts';
import { JWT_SETTINGS } from './support/jwt.ts';
import { startEmbedded } from './support/target-embedded.ts';

conformanceTests('an embedded node', rulesFor('user_ids'), async () => {
  const target = await startEmbedded();
  return { ...staged(target.nodes), stop: () => target.stop() };
});

conformanceTests('an embedded node that asks for tokens', rulesThatNeed('tokens'), async () => {
  const target = await startEmbedded({ env: JWT_SETTINGS });
  return { ...staged(target.nodes), signIn: SIGN_IN_BY_TOKEN, stop: () => target.stop() };
});
