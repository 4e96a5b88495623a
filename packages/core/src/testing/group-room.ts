import { CurrentPeer } from './current-peer.ts';
import { LoneNode } from './lone-node.ts';

/** One node with three users on it, each with a current client, and a group of the first two, which the first one owns. `say`: as its owner. */
export async function groupRoom(options: ConstructorParameters<typeof LoneNode>[0] = {}) {
  const lone = new LoneNode(options);
  await lone.node.start();
  const peers: CurrentPeer[] = [];
  for (let id = 1; id <= 3; id++) peers.push(await CurrentPeer.signIn(lone, id));
  const [owner, member, stranger] = peers as [CurrentPeer, CurrentPeer, CurrentPeer];
  const ready = await owner.ask({ type: 'init_group', member: [1, 2], group_name: 'g', description: 'd' });
  const conv_id = Number(ready.conv_id);
  const say = async (...bodies: string[]) => {
    for (const msg of bodies) await owner.ask({ type: 'group', conv_id, msg });
  };
  return { lone, owner, member, stranger, conv_id, say };
}
