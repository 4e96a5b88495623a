import { expect, it } from 'vitest';
import { StoreError } from '../ports/message-store.ts';
import { LoneNode } from '../testing/lone-node.ts';

const MEMBERS = 1_000;
/** As a pool of the MySQL store: so many may wait for a connection, one more fails at once. */
const MAX_WAITING = 1_000;

it('L7 L10: everybody in a group of 1,000 may say at the same time that two messages are seen', async () => {
  let waiting = 0;
  const lone = new LoneNode({
    faults: ({ messages }) => ({
      messages: {
        locate: async (ids) => {
          if (waiting >= MAX_WAITING)
            throw new StoreError('too many callers wait', { outcome: 'not_committed', retryable: true });
          waiting++;
          await new Promise<void>((resolve) => setImmediate(resolve));
          waiting--;
          return messages.locate(ids);
        },
      },
    }),
  });
  await lone.node.start();
  const memberIds = Array.from({ length: MEMBERS }, (_, n) => n + 1);
  await lone.stores.conversations.ensureUsers(memberIds);
  const group = await lone.stores.conversations.createGroup({ creatorId: 1, memberIds, name: 'g', description: '' });
  if (!group.ok) throw new Error('no group');
  const connections = [];
  for (const id of memberIds) connections.push(await lone.signIn(id));
  const [sender] = connections;
  for (const msg of ['a', 'b']) sender?.say({ type: 'group', conv_id: group.conversationId, msg });
  await lone.clock.settle();
  expect(connections.every((connection) => connection.frames.length === 3)).toBe(true);
  for (const connection of connections) {
    for (const id of [1, 2]) connection.say({ type: 'seen', message_id: [id] });
  }
  await lone.clock.advanceAsync(10_000);
  expect(lone.telemetry.errors.size).toBe(0);
  const members = lone.stores.state.conversations.get(group.conversationId)?.members;
  const unseen = memberIds.filter((id) => id !== 1 && members?.get(id)?.seenSeq !== 2);
  expect(unseen).toEqual([]);
  await lone.node.stop();
});
