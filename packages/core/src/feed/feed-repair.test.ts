import { expect, it } from 'vitest';
import { packEnvelope } from '../bus/envelope.ts';
import type { Publication } from '../bus/publication.ts';
import { CurrentPeer } from '../testing/current-peer.ts';
import { LoneNode } from '../testing/lone-node.ts';
import { publicationOf } from '../wire/message-frame.ts';

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

it('G4 G8: a gap of large messages is filled in parts that sockets take, and a slow socket gets time', async () => {
  const partBytes: number[] = [];
  let bytes = 0;
  const part = (): void => {
    if (bytes > 0) partBytes.push(bytes);
    bytes = 0;
  };
  let rows = 0;
  const lone = new LoneNode({
    faults: ({ messages }) => ({
      messages: {
        readRanges: async (...asked) => {
          part();
          const pages = await messages.readRanges(...asked);
          for (const page of pages) rows += page.length;
          return pages;
        },
      },
    }),
  });
  await lone.node.start();
  const conversations = [await lone.openPersonal(1, 2), await lone.openPersonal(1, 3)];
  const peer = await CurrentPeer.signIn(lone, 1);
  peer.connection.onFrame = (frame) => (bytes += frame.length);
  peer.connection.stalled = true;
  const [node] = [...lone.network.members.values()];
  for (const [at, conversationId] of conversations.entries()) {
    const senderId = at + 2;
    const row = { conversationId, kind: 'personal', senderId, recipientId: 1, membersVersion: 1 } as const;
    for (let n = 0; n < 40; n++) {
      const body = 'x'.repeat(60_000);
      await lone.stores.messages.append([{ ...row, clientId: `c${n}`, body, sentAtUs: lone.clock.nowUs() }]);
    }
    const head = { type: 'head', kind: 'personal', conversationId, seq: 40, members: [1, senderId] } as const;
    node?.onEnvelope(packEnvelope([head], lone.clock.nowUs()));
  }
  let buffered = 0;
  for (let turn = 0; turn < 100; turn++) {
    await lone.clock.advanceAsync(40);
    buffered = Math.max(buffered, peer.connection.buffered);
    peer.connection.drain();
  }
  part();
  expect(buffered).toBeLessThan(700_000);
  expect(Math.max(...partBytes)).toBeLessThan(330_000);
  for (const conv_id of conversations) {
    const seqs = peer
      .told('personal')
      .filter((frame) => frame.conv_id === conv_id)
      .map(({ seq }) => seq);
    expect(seqs).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
  }
  // Little is read for nothing once their size is known.
  expect(rows).toBeLessThan(200);

  // Nobody waits for a socket that takes nothing at all: it is its transport's to end.
  const other = await CurrentPeer.signIn(lone, 1);
  const [conversationId = 0] = conversations;
  const row = { conversationId, kind: 'personal', senderId: 2, recipientId: 1, membersVersion: 1 } as const;
  for (let n = 40; n < 60; n++) {
    const body = 'x'.repeat(60_000);
    await lone.stores.messages.append([{ ...row, clientId: `c${n}`, body, sentAtUs: lone.clock.nowUs() }]);
  }
  const head = { type: 'head', kind: 'personal', conversationId, seq: 60, members: [1, 2] } as const;
  node?.onEnvelope(packEnvelope([head], lone.clock.nowUs()));
  await lone.clock.advanceAsync(2_000);
  expect(other.told('personal').at(-1)).toMatchObject({ seq: 60 });
  await lone.node.stop();
});

it('G4: a gap that was closed live while it was read does not hold up the next one', async () => {
  let slow = true;
  let release = (): void => undefined;
  const lone = new LoneNode({
    faults: ({ messages }) => ({
      messages: {
        readRanges: async (...asked) => {
          const pages = await messages.readRanges(...asked);
          if (slow) await new Promise<void>((resolve) => (release = resolve));
          return pages;
        },
      },
    }),
  });
  await lone.node.start();
  const conversationId = await lone.openPersonal(1, 2);
  const peer = await CurrentPeer.signIn(lone, 1);
  const [node] = [...lone.network.members.values()];
  const tell = (publication: Publication): void => node?.onEnvelope(packEnvelope([publication], lone.clock.nowUs()));
  const ids = { kind: 'personal', conversationId, senderId: 2 } as const;
  const append = async (clientId: string): Promise<void> => {
    const row = { ...ids, recipientId: 1, clientId, body: clientId, sentAtUs: lone.clock.nowUs() };
    await lone.stores.messages.append([{ ...row, membersVersion: 1 }]);
  };
  const head = (seq: number): Publication => ({
    type: 'head',
    kind: 'personal',
    conversationId,
    seq,
    members: [1, 2],
  });
  await append('late');
  tell(head(1));
  await lone.clock.advanceAsync(100);
  const late = { ...ids, seq: 1, messageId: 1, senderName: 'two', clientId: 'late', body: 'late', isEvent: false };
  tell(publicationOf({ ...late, sentAtUs: lone.clock.nowUs() }, [1, 2], 0));
  await append('lost');
  tell(head(2));
  slow = false;
  release();
  await lone.clock.advanceAsync(100);
  expect(peer.told('personal').map(({ seq }) => seq)).toEqual([1, 2]);
  await lone.node.stop();
});
