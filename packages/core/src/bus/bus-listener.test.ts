import { expect, it } from 'vitest';
import { LoneNode } from '../testing/lone-node.ts';
import { messageFrame } from '../wire/message-frame.ts';
import { packEnvelope } from './envelope.ts';

it('G4: what a node sends of an envelope is not touched when the bus uses its bytes again', async () => {
  const lone = new LoneNode();
  await lone.node.start();
  const conversationId = await lone.openPersonal(1, 2);
  const hello = JSON.stringify({ type: 'hello', v: 2, user_id: 2, device: 'd', cursors: 'server', status_of: [] });
  const sent: (string | Uint8Array)[] = [];
  for (const first of ['2', hello]) {
    const connection = lone.connect();
    connection.say(first);
    await lone.clock.settle();
    // As a transport that writes at the end of the tick.
    connection.send = (frame) => void sent.push(frame);
  }
  const message = {
    ...({ kind: 'personal', conversationId, seq: 1, messageId: 1, senderId: 1 } as const),
    ...{ senderName: 'one', clientId: 'c', body: 'from another node', isEvent: false, sentAtUs: 1 },
  };
  const { frame, legacyBytes } = messageFrame(message);
  const bytes = packEnvelope(
    [
      {
        ...({ type: 'message', kind: 'personal', conversationId, seq: 1, messageId: 1, senderId: 1 } as const),
        ...({ members: [1, 2], frame, legacyBytes, change: null, originSessionId: 0 } as const),
      },
    ],
    0,
  );
  const other = lone.network.createNode().bus;
  const nothing = (): void => undefined;
  await other.start({
    ...{ onEnvelope: nothing, onLoss: nothing, onRejoin: async () => undefined, onDown: nothing, onNodeDead: nothing },
    lastMessageId: () => 0,
  });
  const target = (await other.nodes()).find((node) => node !== other.nodeId) ?? '';
  await other.publish(new Map([[target, bytes]]));
  bytes.fill(0);
  const texts = sent.map((one) => (typeof one === 'string' ? one : Buffer.from(one).toString('utf8')));
  expect(texts.map((text) => JSON.parse(text).msg)).toEqual(['from another node', 'from another node']);
  expect(texts).toContain(frame.toString('utf8'));
  await lone.node.stop();
});
