import { expect, it } from 'vitest';
import { LoneNode } from '../testing/lone-node.ts';

/** What a socket may hold back before the transport takes its client for too slow. */
const MAX_BUFFERED_BYTES = 1_048_576;
const MESSAGES = 40;

// A message may be six times as long in JSON, and three times as long in UTF-8, as its text.
it.each([
  ['control characters', '\u0001'],
  ['long letters', '\u4e2d'],
  ['plain letters', 'x'],
])(
  'G4 G8: a backlog of the largest messages, of %s, reaches a slow client without filling its socket',
  async (_name, letter) => {
    const lone = new LoneNode();
    await lone.node.start();
    const conversationId = await lone.openPersonal(1, 2);
    const row = { conversationId, kind: 'personal', senderId: 2, recipientId: 1, membersVersion: 1 } as const;
    const body = letter.repeat(Math.floor(65_535 / Buffer.byteLength(letter)));
    for (let n = 0; n < MESSAGES; n++) {
      await lone.stores.messages.append([{ ...row, clientId: `c${n}`, body, sentAtUs: lone.clock.nowUs() }]);
    }
    for (const hello of ['1', { type: 'hello', v: 2, user_id: 1 }]) {
      const connection = lone.connect();
      connection.stalled = true;
      let buffered = 0;
      connection.onFrame = (text) => {
        buffered += Buffer.byteLength(text);
        if (buffered > MAX_BUFFERED_BYTES) connection.hangUp();
      };
      connection.say(hello);
      for (let turn = 0; turn < 2 * MESSAGES; turn++) {
        await lone.clock.settle();
        buffered = 0;
        connection.drain();
      }
      await lone.clock.settle();
      expect(connection.closed).toBeNull();
      expect(connection.frames.filter((frame) => frame.includes('"msg"'))).toHaveLength(MESSAGES);
      connection.hangUp();
    }
    await lone.node.stop();
  },
);
