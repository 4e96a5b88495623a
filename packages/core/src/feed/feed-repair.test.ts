import { expect, it } from 'vitest';
import { packEnvelope } from '../bus/envelope.ts';
import { LoneNode } from '../testing/lone-node.ts';

it('G8: a gap for which the store has nothing is asked for about once a second, and holds up no other', async () => {
  let reads = 0;
  const lone = new LoneNode({
    faults: ({ messages }) => ({
      messages: {
        readRanges: (ranges, sender) => {
          reads++;
          return messages.readRanges(ranges, sender);
        },
      },
    }),
  });
  await lone.node.start();
  const conversationId = await lone.openPersonal(1, 2);
  const connection = await lone.signIn(1);
  const [node] = [...lone.network.members.values()];
  // As after a failover to a replica that was behind: a head was announced that is no more.
  node?.onEnvelope(
    packEnvelope([{ type: 'head', kind: 'personal', conversationId, seq: 7, members: [1, 2] }], lone.clock.nowUs()),
  );
  await lone.clock.advanceAsync(10_000);
  expect(reads).toBeGreaterThan(5);
  expect(reads).toBeLessThan(20);
  const other = await lone.openPersonal(1, 3);
  const row = {
    conversationId: other,
    kind: 'personal',
    senderId: 3,
    recipientId: 1,
    clientId: 'c',
    body: 'new',
  } as const;
  await lone.stores.messages.append([{ ...row, sentAtUs: lone.clock.nowUs(), membersVersion: 1 }]);
  node?.onEnvelope(
    packEnvelope(
      [{ type: 'head', kind: 'personal', conversationId: other, seq: 1, members: [1, 3] }],
      lone.clock.nowUs(),
    ),
  );
  await lone.clock.advanceAsync(50);
  expect(connection.frames.at(-1)).toContain('"msg":"new"');
  await lone.node.stop();
});
