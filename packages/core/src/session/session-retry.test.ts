import { expect, it } from 'vitest';
import { StoreError } from '../ports/message-store.ts';
import { LoneNode } from '../testing/lone-node.ts';

const away = () => new StoreError('no answer in time', { outcome: 'not_committed', retryable: true });

it('G8: a sign-in whose memberships cannot be read ends about ten seconds later, also when each read hangs', async () => {
  const lone: LoneNode = new LoneNode({
    faults: () => ({
      conversations: {
        profilesOf: () => new Promise((_, reject) => lone.clock.after(5_000, () => reject(away()))),
      },
    }),
  });
  await lone.node.start();
  const connection = await lone.signIn(1);
  await lone.clock.advanceAsync(20_000);
  expect(connection.closed?.code).toBe(4004);
  await lone.node.stop();
});

it('G8: a session that ended while it waited for its turn reads no backlog', async () => {
  let reads = 0;
  const release: (() => void)[] = [];
  const lone = new LoneNode({
    settings: { maxConcurrentBacklogs: 1 },
    faults: ({ messages }) => ({
      messages: {
        firstOf: async (ranges, sender) => {
          reads++;
          await new Promise<void>((resolve) => release.push(resolve));
          return messages.firstOf(ranges, sender);
        },
      },
    }),
  });
  await lone.node.start();
  const conversationId = await lone.openPersonal(1, 2);
  const row = { conversationId, kind: 'personal', senderId: 2, recipientId: 1, clientId: 'c', body: 'm' } as const;
  await lone.stores.messages.append([{ ...row, sentAtUs: lone.clock.nowUs(), membersVersion: 1 }]);
  const connections = [];
  for (let n = 0; n < 50; n++) connections.push(await lone.signIn(1));
  const last = connections.at(-1);
  for (const connection of connections) if (connection !== last) connection.hangUp();
  for (let turn = 0; turn < 10; turn++) {
    release.shift()?.();
    await lone.clock.settle();
  }
  expect(last?.frames.at(-1)).toContain('"msg":"m"');
  expect(reads).toBe(2);
  await lone.node.stop();
});
