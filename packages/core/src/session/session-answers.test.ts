import { expect, it } from 'vitest';
import { StoreError } from '../ports/message-store.ts';
import { LoneNode } from '../testing/lone-node.ts';

it('G1: when the outcome of a send is unknown, no later ack takes its place', async () => {
  let inDoubt = 0;
  let release = (): void => undefined;
  const lone = new LoneNode({
    settings: { lanes: 16, commitRetryForMs: 0 },
    faults: ({ messages }) => ({
      messages: {
        append: async (batch) => {
          if (batch[0]?.conversationId !== inDoubt) return messages.append(batch);
          await new Promise<void>((resolve) => {
            release = resolve;
          });
          throw new StoreError('the connection was lost', { outcome: 'unknown', retryable: true });
        },
      },
    }),
  });
  await lone.node.start();
  const [first, second] = [await lone.openPersonal(1, 2), await lone.openPersonal(1, 3)];
  inDoubt = first;
  const connection = await lone.signIn(1);
  connection.say({ type: 'personal', conv_id: first, msg: 'in doubt' });
  connection.say({ type: 'personal', conv_id: second, msg: 'committed' });
  await lone.clock.settle();
  release();
  await lone.clock.advanceAsync(10);
  expect(connection.closed?.code).toBe(4003);
  // A legacy ack names no request: the first one stands for the first send.
  expect(connection.frames).toEqual(['user id 1 received']);
  await lone.node.stop();
});
