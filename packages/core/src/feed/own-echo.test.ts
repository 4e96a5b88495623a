import { expect, it } from 'vitest';
import { packEnvelope } from '../bus/envelope.ts';
import { StoreError } from '../ports/message-store.ts';
import { CurrentPeer } from '../testing/current-peer.ts';
import { LoneNode } from '../testing/lone-node.ts';
import type { ConversationId } from '../types.ts';

const ANN = 1;
const BEN = 2;

/** Ben writes at another node, whose publication is lost: this node is told the head, at most. */
async function writtenElsewhere(lone: LoneNode, conversationId: ConversationId, announced: boolean): Promise<void> {
  const row = { conversationId, kind: 'personal', senderId: BEN, recipientId: ANN, body: 'from ben' } as const;
  const clientId = `ben-${lone.stores.state.messages.length}`;
  const sentAtUs = lone.clock.nowUs();
  await lone.stores.messages.append([{ ...row, clientId, sentAtUs, membersVersion: 1 }]);
  if (announced) announce(lone, conversationId);
}

function announce(lone: LoneNode, conversationId: ConversationId): void {
  const seq = lone.stores.state.conversations.get(conversationId)?.messages.length ?? 0;
  const head = { type: 'head', kind: 'personal', conversationId, seq, members: [ANN, BEN] } as const;
  for (const member of lone.network.members.values()) member.onEnvelope(packEnvelope([head], lone.clock.nowUs()));
}

const seqs = (peer: CurrentPeer): unknown[] => peer.told('personal').map(({ seq }) => seq);

it('G5: a message that is read from the store before its send is answered is no news to the session that sent it', async () => {
  let answer: (() => void) | null = null;
  let slow = false;
  const lone = new LoneNode({
    faults: ({ messages }) => ({
      messages: {
        append: async (rows) => {
          const outcome = await messages.append(rows);
          if (slow) await new Promise<void>((resolve) => (answer = resolve));
          return outcome;
        },
      },
    }),
  });
  await lone.node.start();
  const conv_id = await lone.openPersonal(ANN, BEN);
  const sender = await CurrentPeer.signIn(lone, ANN);
  const other = await CurrentPeer.signIn(lone, ANN);
  slow = true;
  const ref = sender.say({ type: 'personal', conv_id, msg: 'mine', client_id: 'c-1' });
  await lone.clock.settle();
  await writtenElsewhere(lone, conv_id, true);
  // Somebody else's message under the same name is another one.
  await lone.clock.advanceAsync(100);
  expect(seqs(other)).toEqual([1, 2]);
  expect(seqs(sender)).toEqual([2]);
  expect(sender.told('ack')).toEqual([]);
  slow = false;
  (answer as (() => void) | null)?.();
  await lone.clock.settle();
  expect(sender.answer(ref)).toMatchObject({ type: 'ack', seq: 1 });
  await writtenElsewhere(lone, conv_id, true);
  await lone.clock.advanceAsync(100);
  expect(seqs(sender)).toEqual([2, 3]);
  expect(seqs(other)).toEqual([1, 2, 3]);
  await lone.node.stop();
});

it('G3 G5: a message of the user under the same client id, with another text, is news to a session whose send will be refused', async () => {
  let answer: (() => void) | null = null;
  let slow = false;
  const lone = new LoneNode({
    faults: ({ messages }) => ({
      messages: {
        append: async (rows) => {
          if (slow) await new Promise<void>((resolve) => (answer = resolve));
          return messages.append(rows);
        },
      },
    }),
  });
  await lone.node.start();
  const conv_id = await lone.openPersonal(ANN, BEN);
  const sender = await CurrentPeer.signIn(lone, ANN);
  const row = {
    conversationId: conv_id,
    kind: 'personal',
    senderId: ANN,
    recipientId: BEN,
    body: 'elsewhere',
  } as const;
  await lone.stores.messages.append([{ ...row, clientId: 'c-1', sentAtUs: lone.clock.nowUs(), membersVersion: 1 }]);
  slow = true;
  const ref = sender.say({ type: 'personal', conv_id, msg: 'mine', client_id: 'c-1' });
  await lone.clock.settle();
  announce(lone, conv_id);
  await lone.clock.advanceAsync(100);
  expect(sender.told('personal')).toMatchObject([{ seq: 1, msg: 'elsewhere' }]);
  slow = false;
  (answer as (() => void) | null)?.();
  await lone.clock.settle();
  expect(sender.answer(ref)).toMatchObject({ type: 'error', name: 'client_id_conflict' });
  await lone.node.stop();
});

it('G5: nor is one whose publication this node could not hold behind a gap', async () => {
  const lone = new LoneNode({ settings: { maxHeldPerFeed: 0 } });
  await lone.node.start();
  const conv_id = await lone.openPersonal(ANN, BEN);
  const sender = await CurrentPeer.signIn(lone, ANN);
  const other = await CurrentPeer.signIn(lone, ANN);
  await writtenElsewhere(lone, conv_id, false);
  for (const msg of ['two', 'three']) await sender.ask({ type: 'personal', conv_id, msg, client_id: msg });
  expect(seqs(sender)).toEqual([]);
  await lone.clock.advanceAsync(100);
  expect(seqs(sender)).toEqual([1]);
  expect(seqs(other)).toEqual([1, 2, 3]);
  expect(await sender.ask({ type: 'personal', conv_id, msg: 'four' })).toMatchObject({ seq: 4 });
  await writtenElsewhere(lone, conv_id, true);
  await lone.clock.advanceAsync(100);
  expect(seqs(sender)).toEqual([1, 5]);
  expect(seqs(other)).toEqual([1, 2, 3, 4, 5]);
  await lone.node.stop();
});

it('G3 G5: a send that is given up is answered as what it is when this node has read its message meanwhile, and kept no copy for it', async () => {
  let away = false;
  const lone = new LoneNode({
    faults: ({ messages }) => ({
      messages: {
        append: (rows) => {
          if (away) throw new StoreError('read-only', { outcome: 'not_committed', retryable: true });
          return messages.append(rows);
        },
      },
    }),
  });
  await lone.node.start();
  const conv_id = await lone.openPersonal(ANN, BEN);
  const sender = await CurrentPeer.signIn(lone, ANN);
  // Sent over a connection that broke, to another node, which commits it late.
  const mine = { conversationId: conv_id, kind: 'personal', senderId: ANN, recipientId: BEN, body: 'mine' } as const;
  away = true;
  const ref = sender.say({ type: 'personal', conv_id, msg: 'mine', client_id: 'c-1' });
  await lone.clock.settle();
  await lone.stores.messages.append([{ ...mine, clientId: 'c-1', sentAtUs: lone.clock.nowUs(), membersVersion: 1 }]);
  announce(lone, conv_id);
  await lone.clock.advanceAsync(60_000);
  expect(seqs(sender)).toEqual([]);
  expect(sender.answer(ref)).toMatchObject({ type: 'ack', seq: 1, client_id: 'c-1', duplicate: true });
  await lone.node.stop();
});
