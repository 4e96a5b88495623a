import { describe, expect, it } from 'vitest';
import { ScriptedConnection } from './scripted-connection.ts';
import { type Frame, welcomeFrame } from './scripted-server.ts';

const device = ScriptedConnection.forEachTest();

const TIME = '2026-11-23 01:02:03.000004';
const GARBAGE = [undefined, null, true, -1, 1.5, 1e300, '', 'x', 'x'.repeat(100_000), [], [null], {}, { x: null }];

const message = (seq: number, conv_id = 7): Frame => ({
  ...{ type: 'group', conv_id, message_id: 100 + seq, msg: `m${seq}`, sender: 'Bob', timestamp: TIME },
  ...{ seq, sender_id: 2, client_id: `b${seq}` },
});
const event = (change: object): Frame => ({ ...message(2), type: 'event', event: change });
const status = { conv_id: 7, user_id: 2, delivered_seq: 3, delivered_at: TIME, seen_seq: 3, seen_at: TIME };

/** The frame with each of its fields, one at a time, and all of it, being what it should not be. */
function* spoilt(frame: Frame): Generator<Frame> {
  const { type, ref, ...fields } = frame;
  for (const value of GARBAGE) {
    for (const name of Object.keys(fields)) yield { ...frame, [name]: value };
    yield { type, ref, ...Object.fromEntries(Object.keys(fields).map((name) => [name, value])) } as Frame;
  }
}

/** Everything that was said before has been taken in. */
async function takenIn(connection: number): Promise<void> {
  const told = new Promise<void>((resolve) => {
    const stop = device.client.on('typing', (userId, active) => {
      if (userId !== 99 || active) return;
      stop();
      resolve();
    });
  });
  for (const active of [true, false]) {
    device.server.say(connection, { type: 'typing', conv_id: 9, user_id: 99, active });
  }
  await told;
}

const heard: number[] = [];
async function startAndGreet(): Promise<void> {
  device.start();
  device.client.on('error', () => undefined);
  heard.length = 0;
  device.client.on('message', (item) => void (item.conversationId === 8 && heard.push(item.seq)));
  await device.server.greet(0);
  await device.state('connected');
}

describe('a server whose fields are not what they should be', () => {
  const notices: Frame[] = [
    message(1),
    { ...message(1), type: 'personal' },
    event({ kind: 'added', user_id: [3] }),
    event({ kind: 'role', user_id: 2, role: 'admin' }),
    event({ kind: 'transferred', user_id: 2, from: 3 }),
    { type: 'synced', conv_id: 7, kind: 'group', seq: 3, recovered: 0 },
    { type: 'reset', conv_id: 7, kind: 'group', seq: 3, reason: 'epoch' },
    { type: 'status', ...status, message_id: [101] },
    { type: 'status', ...status, user_id: 1 },
    { type: 'typing', conv_id: 7, user_id: 2, active: true },
    { type: 'presence', users: [{ user_id: 2, online: true, last_seen: TIME }] },
    { type: 'refresh_needed', expires_at: TIME },
    { type: 'error', code: 4001, name: 'overloaded', message: 'later', temporary: true },
    { type: 'sync_complete', conversations: 0 },
  ];
  it.each(notices)('($type) stops nothing, and spoils no other conversation', async (notice) => {
    await startAndGreet();
    device.server.say(0, message(1, 8));
    await takenIn(0);
    for (const frame of spoilt(notice)) device.server.say(0, frame);
    device.server.say(0, message(2, 8));
    await takenIn(0);
    expect(heard).toEqual([1, 2]);
    expect(device.client.state.status).toBe('connected');
  });

  const answers: Frame[] = [
    { type: 'ack', conv_id: 7, message_id: 101, seq: 1, timestamp: TIME, client_id: 'x' },
    { type: 'conversation_ready', conv_id: 7, kind: 'personal', created: true },
    {
      type: 'conversations',
      conversations: [{ conv_id: 7, kind: 'group', seq: 1, unread: 0, seen_seq: 0 }],
      next: null,
    },
    { type: 'history', conv_id: 7, messages: [message(1)], more: false },
    { type: 'members', conv_id: 7, members: [{ user_id: 2, name: 'Bob', role: 'member' }], next: null },
    { type: 'message_status', message_id: 101, conv_id: 7, seq: 1, users: [{ user_id: 2, status: 'sent' }] },
    { type: 'presence', users: [{ user_id: 2, online: true, last_seen: TIME }] },
    { type: 'error', code: 4001, name: 'overloaded', message: 'later', temporary: false },
    { type: 'ok' },
  ];
  it.each(answers)('(answer $type) leaves no promise open and none unhandled', async (answer) => {
    await startAndGreet();
    const { client } = device;
    device.server.say(0, message(1));
    await takenIn(0);
    let variants = spoilt(answer);
    device.server.onFrame = (frame) => {
      if (frame.ref === undefined) return;
      let next = variants.next();
      if (next.done) {
        variants = spoilt(answer);
        next = variants.next();
      }
      device.server.say(0, { ...(next.value as Frame), ref: frame.ref });
    };
    const chat = client.conversation(7);
    for (let round = 0; round < 30; round += 1) {
      const asked: Promise<unknown>[] = [
        ...[client.loadConversations(), client.openPersonal(2), client.presence([2]), client.messageStatus(101)],
        ...[chat.loadOlder(), chat.loadMembers(), chat.rename('x'), client.block(2)],
      ];
      client.watchPresence([round + 2]);
      chat.markSeen(round);
      let open = true;
      void Promise.allSettled(asked).then(() => {
        open = false;
      });
      while (open) await device.clock.advanceAsync(100);
    }
    await takenIn(0);
    expect(client.state.status).toBe('connected');
  });

  it('(welcome) is left, and tried again later', async () => {
    device.start();
    device.client.on('error', () => undefined);
    const { heartbeat_ms, limits, epoch } = welcomeFrame();
    const frames = [...spoilt({ type: 'welcome', user_id: 1, name: 'Ann', heartbeat_ms, limits, epoch })];
    for (const [n, frame] of frames.entries()) {
      await device.server.frame(n, 'hello');
      device.server.say(n, frame);
      device.server.hangUp(n, 4002);
      // Another user's, to all that the client can see.
      const waitMs = device.waitMs(await device.state('disconnected'));
      if (Number.isNaN(waitMs)) device.client.reconnect();
      else await device.clock.advanceAsync(waitMs + 1);
    }
    await device.server.greet(frames.length);
    await device.state('connected');
  });
});
