import { FakeClock, Random } from '@parley/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ChatClientImplementation } from '../src/chat-client.ts';
import { globalEnvironment } from '../src/environment.ts';
import { TestEnvironment } from './harness.ts';
import { ackOf, type Frame, refusalOf, ScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;
let clock: FakeClock;
let environment: TestEnvironment;
let client: ChatClientImplementation;

beforeEach(async () => {
  server = await ScriptedServer.open();
  clock = new FakeClock();
  environment = new TestEnvironment(clock, new Random(1), 'c');
  client = new ChatClientImplementation({ url: server.url, webSocket: WebSocket, userId: 1 }, environment);
  client.conversation(7).kind = 'group';
  client.start();
});
afterEach(async () => {
  const closed = client.close();
  await clock.advanceAsync(1_000);
  await closed;
  expect(environment.reported).toEqual([]);
  await server.close();
});

const NEW = { added_later: { deep: [1, null] }, kind_of: 'x' };
const numbered = (seq: number): object => ({
  ...{ conv_id: 7, message_id: 60 + seq, seq, sender: 'Bob', sender_id: 2, client_id: `b${seq}` },
  ...{ timestamp: '2026-11-23 01:02:03.000004', ...NEW },
});
/** All that was said before it has been taken. */
async function heard(): Promise<void> {
  const told = new Promise<void>((resolve) => void client.on('typing', () => resolve()));
  server.say(0, { type: 'typing', conv_id: 9, user_id: 2, active: true, ...NEW });
  await told;
  await clock.advanceAsync(7_000);
}

describe('a client of this minor version with a server of a newer one', () => {
  it('passes over fields, frames, kinds of events and names of errors that it does not know', async () => {
    const hello = await server.greet(0, { minor: 99, ...NEW });
    expect(hello).toMatchObject({ v: 2 });
    while (client.state.status !== 'connected') await clock.advanceAsync(0);
    const frames = [
      { type: 'group', msg: 'one', ...numbered(1) },
      { type: 'reaction', ...numbered(1), emoji: 'x' },
      { type: 'poll_opened', poll: 5 },
      { type: 'event', event: { kind: 'pinned', message_id: 61 }, ...numbered(2) },
      { type: 'group', msg: 'three', ...numbered(3) },
      { type: 'answer_to_nobody', ref: 12_345 },
      { type: 'status', conv_id: 7, user_id: 2, delivered_seq: 3, seen_seq: 1, read_aloud_seq: 2, ...NEW },
      { type: 'error', code: 4999, name: 'of_tomorrow', message: 'a notice', temporary: true, ...NEW },
    ] as Frame[];
    server.say(0, ...frames);
    await heard();
    const { messages, receipts, seq } = client.conversation(7);
    expect(messages.map((item) => item.seq)).toEqual([1, 2, 3]);
    expect(messages[1]).toMatchObject({ type: 'event', change: { kind: 'pinned' } });
    expect(seq).toBe(3);
    expect(receipts.get(2)).toMatchObject({ deliveredSeq: 3, seenSeq: 1 });
    expect(client.state.status).toBe('connected');
  });

  it('goes by `temporary` where it does not know the name of an error', async () => {
    await server.greet(0, { minor: 99 });
    const [passing, final] = [client.send(7, 'a'), client.send(7, 'b')];
    server.say(0, refusalOf(await server.frame(0, 'group'), 'of_tomorrow', true, NEW));
    await heard();
    server.say(0, { ...ackOf(await server.frame(0, 'group', 1), 1), ...NEW });
    expect(await passing.settled).toMatchObject({ ok: true, seq: 1 });
    server.say(0, refusalOf(await server.frame(0, 'group', 2), 'not_any_more', false, NEW));
    expect(await final.settled).toMatchObject({ ok: false, error: { code: 'not_any_more', temporary: false } });
  });

  it('asks for nothing in vain where an older server does not know the type', async () => {
    await server.greet(0, { minor: 0 });
    const asked = client.presence([2]);
    server.say(0, refusalOf(await server.frame(0, 'presence'), 'unknown_type', false));
    await expect(asked).rejects.toMatchObject({ code: 'unknown_type', temporary: false });
    expect(client.state.status).not.toBe('disconnected');
  });
});

describe('typing', () => {
  it('is told once in three seconds, however many keys are pressed, and its end once', async () => {
    await server.greet(0);
    while (client.state.status !== 'connected') await clock.advanceAsync(0);
    for (let key = 0; key < 120; key += 1) {
      client.conversation(7).setTyping();
      await clock.advanceAsync(50);
    }
    await clock.advanceAsync(10_000);
    await heard();
    const told = server.frames(0).filter(({ type }) => type === 'typing');
    expect(told).toEqual([
      { type: 'typing', conv_id: 7 },
      { type: 'typing', conv_id: 7 },
      { type: 'typing', conv_id: 7, active: false },
    ]);
  });
});

describe('a timer', () => {
  it('of a time without end does not run at once', async () => {
    let ran = false;
    const cancel = globalEnvironment().after(Number.POSITIVE_INFINITY, () => {
      ran = true;
    });
    // Behind whatever is due at once.
    await new Promise<void>((resolve) => void globalEnvironment().after(20, resolve));
    cancel();
    expect(ran).toBe(false);
  });
});
