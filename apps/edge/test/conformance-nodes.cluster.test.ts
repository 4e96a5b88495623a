import { conformanceTests, rulesFor, rulesThatNeed, SIGN_IN_BY_TOKEN, staged } from './support/conformance.ts';
import { JWT_SETTINGS } from './support/jwt.ts';
import { startThreeNodes } from './support/target-cluster.ts';

conformanceTests('three nodes', rulesFor('user_ids', 'own_node'), async () => {
  const target = await startThreeNodes();
  return { ...staged(target.nodes), startNode: () => target.startNode({}), stop: () => target.stop() };
});

conformanceTests('three nodes that ask for tokens', rulesThatNeed('tokens'), async () => {
  const target = await startThreeNodes({ env: JWT_SETTINGS });
  return { ...staged(target.nodes), signIn: SIGN_IN_BY_TOKEN, stop: () => target.stop() };
});
