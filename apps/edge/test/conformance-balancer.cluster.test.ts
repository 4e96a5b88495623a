import { startHaproxy } from '@parley/local-services';
import { conformanceTests, rulesFor } from './support/conformance.ts';
import { startThreeNodes } from './support/target-cluster.ts';

conformanceTests('three nodes behind HAProxy', rulesFor('user_ids'), async () => {
  const target = await startThreeNodes();
  const edges = target.nodes.map(({ url, adminUrl }) => {
    const [{ hostname: host, port }, { port: admin }] = [new URL(url), new URL(adminUrl)];
    return { host, port: Number(port), admin: Number(admin) };
  });
  const balancer = await startHaproxy({ edges });
  const stop = async (): Promise<void> => {
    await balancer.stop();
    await target.stop();
  };
  return { nodes: target.nodes, urls: [balancer.url], stop };
});
