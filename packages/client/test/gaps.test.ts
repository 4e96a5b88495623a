import { FakeClock, Random } from '@parley/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ChatClientImplementation } from '../src/chat-client.ts';
import { TestEnvironment } from './harness.ts';
import { ackOf, type Frame, refusalOf, ScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;
let clock: FakeClock;
let environment: TestEnvironment;
let client: ChatClientImplementation;
let told: string[];

beforeEach(async () => {
  server = await ScriptedServer.open();
  clock = new FakeClock();
  environment = new TestEnvironment(clock, new Random(1), 'c');
  client = new ChatClientImplementation({ url: server.url, webSocket: WebSocket, userId: 1 }, environment);
  told = [];
  client.on('error', () => undefined);
  client.on('message', (message) => told.push(`${message.seq} ${message.text}`));
  client.conversation(7).kind = 'group';
  client.start();
  await server.greet(0);
});
afterEach(async () => {
  const closed = client.close();
  await clock.advanceAsync(1_000);
  await closed;
  expect(environment.timers.size).toBe(0);
  await server.close();
});

const message = (seq: number, more: Partial<Frame> = {}): Frame => ({
  ...{ type: 'group', conv_id: 7, message_id: 100 + seq, msg: `m${seq}`, sender: 'Bob' },
  ...{ timestamp: '2026-11-23 01:02:03.000004', seq, sender_id: 2, client_id: `b${seq}` },
  ...more,
});
const page = (request: Frame, messages: Frame[], more = false): Frame => ({
  ...{ type: 'history', ref: request.ref, conv_id: 7, messages, more },
});

/** Everything that was sent before has been taken in. */
async function takenIn(): Promise<void> {
  const typing = new Promise<void>((resolve) => {
    const stop = client.on('typing', () => {
      stop();
      resolve();
    });
  });
  server.say(0, { type: 'typing', conv_id: 9, user_id: 2, active: true });
  await typing;
  server.say(0, { type: 'typing', conv_id: 9, user_id: 2, active: false });
  await clock.advanceAsync(0);
}

const askedHistory = (): readonly Frame[] => server.frames(0).filter((frame) => frame.type === 'history');

describe('a gap', () => {
  it('is filled from the history, in order and once', async () => {
    server.say(0, message(1), message(4), message(4), message(6));
    const request = await server.frame(0, 'history');
    expect(request).toMatchObject({ conv_id: 7, after: 1 });
    expect(client.conversation(7).seq).toBe(1);
    server.say(0, page(request, [message(2), message(3), message(4)], true));
    const rest = await server.frame(0, 'history', 1);
    expect(rest).toMatchObject({ after: 4 });
    server.say(0, message(5), page(rest, [message(5), message(6), message(7)]));
    await takenIn();
    expect(told).toEqual([1, 2, 3, 4, 5, 6, 7].map((seq) => `${seq} m${seq}`));
    expect(client.conversation(7).messages.map((item) => item.seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('of its own send waits for the ack, without a read', async () => {
    server.say(0, message(1));
    await takenIn();
    const handle = client.send(7, 'mine');
    const send = await server.frame(0, 'group');
    server.say(0, message(3));
    await takenIn();
    expect(told).toEqual(['1 m1']);
    server.say(0, ackOf(send, 2));
    await handle.settled;
    await takenIn();
    expect(told).toEqual(['1 m1', '2 mine', '3 m3']);
    expect(askedHistory()).toEqual([]);
  });

  it('is read when the ack does not fill it', async () => {
    server.say(0, message(1));
    await takenIn();
    client.send(7, 'mine');
    const send = await server.frame(0, 'group');
    server.say(0, message(4));
    await takenIn();
    server.say(0, ackOf(send, 3));
    const request = await server.frame(0, 'history');
    server.say(0, page(request, [message(2), message(3, { sender_id: 1, msg: 'mine' }), message(4)]));
    await takenIn();
    expect(told).toEqual(['1 m1', '2 m2', '3 mine', '4 m4']);
  });

  it('of numbers that are not for this user is passed over', async () => {
    server.say(0, message(1), message(5));
    const request = await server.frame(0, 'history');
    server.say(0, page(request, [message(5)]));
    await takenIn();
    expect(told).toEqual(['1 m1', '5 m5']);
    expect(askedHistory()).toHaveLength(1);
  });

  it('that the server will not show is passed over, and reported', async () => {
    const errors: string[] = [];
    client.on('error', (error) => errors.push(error.message));
    server.say(0, message(1), message(5));
    server.say(0, refusalOf(await server.frame(0, 'history'), 'not_a_member', false));
    await takenIn();
    expect(told).toEqual(['1 m1', '5 m5']);
    expect(errors).toEqual(['not_a_member']);
  });

  it('is left to the next connection when this one ends', async () => {
    server.say(0, message(1), message(5));
    await server.frame(0, 'history');
    server.hangUp(0, 4002);
    while (client.state.status !== 'disconnected') await clock.advanceAsync(0);
    await clock.advanceAsync(500);
    const hello = await server.frame(1, 'hello');
    expect(hello.cursors).toEqual({ 7: 1 });
  });

  it('with more behind it than is held is read in the end', async () => {
    server.say(0, message(1));
    for (let seq = 3; seq <= 1_203; seq += 1) server.say(0, message(seq));
    let request = await server.frame(0, 'history');
    await takenIn();
    for (let nth = 0, from = 2; from <= 1_203; nth += 1) {
      request = await server.frame(0, 'history', nth);
      const after = Number(request.after);
      const to = Math.min(after + 200, 1_203);
      server.say(
        0,
        page(
          request,
          Array.from({ length: to - after }, (_, n) => message(after + 1 + n)),
          to < 1_203,
        ),
      );
      await takenIn();
      from = client.conversation(7).seq + 1;
    }
    expect(told).toEqual(Array.from({ length: 1_203 }, (_, n) => `${n + 1} m${n + 1}`));
    expect(client.conversation(7).messages).toHaveLength(500);
  });
});
