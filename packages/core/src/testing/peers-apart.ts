import { CurrentPeer } from './current-peer.ts';
import { TestCluster } from './test-cluster.ts';

/** Far more than an answer needs, and far less than an audit takes to repair what was lost. */
export const ANSWER_MS = 1_000;

/** Users 1, 2, 3 …, each at a node of its own. */
export async function peersApart(
  seed: number,
  users: number,
): Promise<{ readonly cluster: TestCluster; readonly peers: [CurrentPeer, CurrentPeer, CurrentPeer] }> {
  const cluster = new TestCluster(seed);
  const peers: CurrentPeer[] = [];
  for (let id = 1; id <= users; id++) {
    const node = await cluster.startNode();
    peers.push(await CurrentPeer.signIn(cluster.hostOf(node, ANSWER_MS), id));
  }
  return { cluster, peers: peers as [CurrentPeer, CurrentPeer, CurrentPeer] };
}
