import { expect, it } from 'vitest';
import { CurrentPeer } from '../testing/current-peer.ts';
import { LoneNode } from '../testing/lone-node.ts';

/** What a socket may hold back before the transport takes its client for too slow. */
const MAX_BUFFERED_BYTES = 1_048_576;
const MAX_HELD_READS = 10;

async function stage(): Promise<{ lone: LoneNode; conv_id: number; peer: CurrentPeer; reads: () => number }> {
  let reads = 0;
  const lone = new LoneNode({
    faults: ({ reader }) => ({
      reader: {
        page: (...asked) => {
          reads++;
          return reader.page(...asked);
        },
      },
    }),
  });
  await lone.node.start();
  const conv_id = await lone.openPersonal(1, 2);
  const row = { conversationId: conv_id, kind: 'personal', senderId: 2, recipientId: 1, membersVersion: 1 } as const;
  for (let n = 0; n < 10; n++) {
    const body = '\u0001'.repeat(65_535);
    await lone.stores.messages.append([{ ...row, clientId: `c${n}`, body, sentAtUs: lone.clock.nowUs() }]);
  }
  const peer = await CurrentPeer.signIn(lone, 1, { cursors: { [conv_id]: 10 } });
  return { lone, conv_id, peer, reads: () => reads };
}

it('G8: pages of history that are asked for at once reach a slow client without filling its socket, and wait unread', async () => {
  const { lone, conv_id, peer, reads } = await stage();
  const { connection } = peer;
  connection.stalled = true;
  const refs = Array.from({ length: 30 }, (_, n) =>
    peer.say({ type: 'history', conv_id, before: 2 + (n % 10), limit: 1 }),
  );
  let drains = 0;
  const answered = (): number => connection.frames.filter((frame) => frame.startsWith('{"type":"history"')).length;
  for (let turn = 0; turn < 120 && answered() < refs.length; turn++) {
    const before = answered();
    await lone.clock.settle();
    expect(connection.buffered).toBeLessThan(MAX_BUFFERED_BYTES);
    expect(reads() - before).toBeLessThan(MAX_HELD_READS);
    // What is small, and the other direction, go on.
    if (turn === 3) expect(await peer.ask({ type: 'ping' })).toMatchObject({ type: 'pong' });
    connection.drain();
    drains++;
  }
  for (const [n, ref] of refs.entries()) expect(peer.answer(ref).messages).toMatchObject([{ seq: 1 + (n % 10) }]);
  expect(drains).toBeGreaterThan(10);
  await lone.node.stop();
});

it('G10: a client that leaves gets the answers that wait for its socket before it is let go', async () => {
  const { lone, conv_id, peer } = await stage();
  peer.connection.stalled = true;
  const refs = Array.from({ length: 8 }, () => peer.say({ type: 'history', conv_id, limit: 1 }));
  await lone.clock.settle();
  peer.connection.say({ type: 'bye' });
  for (let turn = 0; turn < 20; turn++) {
    await lone.clock.settle();
    expect(peer.connection.closed === null || peer.connection.frames.length > refs.length).toBe(true);
    peer.connection.drain();
  }
  expect(peer.connection.closed).toMatchObject({ code: 1000 });
  expect(peer.told('history')).toHaveLength(refs.length);
  await lone.node.stop();
});

it('G8: nothing is read or kept for a client that has gone before it took its answers', async () => {
  const { lone, conv_id, peer, reads } = await stage();
  peer.connection.stalled = true;
  for (let n = 0; n < 50; n++) peer.say({ type: 'history', conv_id, limit: 1 });
  await lone.clock.settle();
  const before = reads();
  expect(before).toBeLessThan(MAX_HELD_READS);
  peer.connection.hangUp();
  await lone.clock.settle();
  expect(reads()).toBe(before);
  // The node goes on reading for others.
  const other = await CurrentPeer.signIn(lone, 2, { cursors: { [conv_id]: 10 } });
  expect((await other.ask({ type: 'history', conv_id, limit: 1 })).messages).toHaveLength(1);
  await lone.node.stop();
});
