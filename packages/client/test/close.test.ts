import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChatClientOptions } from '../src/api/options.ts';
import type { ClientState } from '../src/api/state.ts';
import type { ChatClientImplementation } from '../src/chat-client.ts';
import { World } from './harness.ts';

let world: World;
beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

/** What a closed client has left behind. */
function left(client: ChatClientImplementation): object {
  const { timers, listeners, reported } = world.environmentOf(client);
  return { timers: timers.size, listeners: listeners.size, reported, connections: world.server.connections };
}
const NOTHING = { timers: 0, listeners: 0, reported: [], connections: 0 };

/** For longer than any of its timers. */
const aWhile = (): Promise<void> => world.advance(120_000);

describe('close', () => {
  const moments: Record<string, (options: Partial<ChatClientOptions>) => Promise<ChatClientImplementation>> = {
    'at once': async (options) => world.client(options),
    'while it connects': async (options) => {
      const client = world.client(options);
      await world.until(() => client.state.status === 'connecting', 'the first attempt');
      return client;
    },
    'while it syncs': async (options) => {
      const client = world.client(options);
      // Time stands still in the turn in which the welcome has come.
      await world.until(() => client.state.status !== 'connecting', 'the welcome', 1_000);
      return client;
    },
    'when connected': (options) => world.connect(1, options),
    'while it waits for its next attempt': async (options) => {
      const client = await world.connect(1, options);
      world.server.setReachable(false);
      world.server.cut();
      await world.until(() => client.state.status === 'disconnected', 'the end');
      return client;
    },
    'when it has stopped for good': async (options) => {
      const client = world.client({ ...options, userId: undefined as never });
      await world.until(() => client.state.status === 'disconnected', 'the end');
      return client;
    },
  };
  it.each(Object.entries(moments))('%s leaves nothing, and what is asked then is answered', async (_, make) => {
    const client = await make({ userId: 1 });
    const asked = [client.ready(), client.openPersonal(2), client.loadConversations(), client.presence([2])];
    const sent = client.send(7, 'hello');
    await world.settle(client.close());
    expect(left(client)).toEqual(NOTHING);
    for (const promise of asked) await promise.catch(() => undefined);
    expect((await sent.settled).ok).toBe(false);
    expect(client.state).toMatchObject({ status: 'disconnected', reason: 'closed', retryAtMs: null });
    expect(await sent.cancel()).toBe(false);
    await aWhile();
    expect(left(client)).toEqual(NOTHING);
  });

  const statuses: ClientState['status'][] = ['connecting', 'syncing', 'connected', 'disconnected'];
  it.each(statuses)('inside of the event that says %s leaves nothing', async (status) => {
    const client = await world.connect(1);
    let closed: Promise<void> | null = null;
    let events = 0;
    // Also at the event that tells of the closing itself.
    client.on('state', (state) => {
      events += 1;
      if (events < 20 && state.status === status) closed = client.close();
    });
    world.server.cut();
    await world.until(() => closed !== null, 'the event');
    await world.settle(closed ?? Promise.resolve());
    expect(events).toBeLessThan(10);
    expect(left(client)).toEqual(NOTHING);
    expect(client.state).toMatchObject({ reason: 'closed' });
    await aWhile();
    expect(left(client)).toEqual(NOTHING);
    expect(client.state).toMatchObject({ reason: 'closed' });
  });

  it('is the end: what is done with the client afterwards starts nothing', async () => {
    const client = await world.connect(1);
    const chat = await world.settle(client.openPersonal(2));
    await world.settle(chat.send('hello').settled);
    await world.settle(client.close());
    chat.markSeen();
    chat.trim();
    client.reconnect();
    client.watchPresence([2])();
    client.on('state', () => undefined)();
    expect(chat.send('later')).toMatchObject({ status: 'failed', error: { code: 'closed' } });
    expect(client.send(99, 'later').status).toBe('failed');
    chat.setTyping();
    const asked = [
      ...[client.ready(), client.openPersonal(3), client.createGroup({ name: 'x', memberIds: [2] })],
      ...[client.loadConversations(), client.presence([2]), client.messageStatus(1), client.block(2)],
      ...[chat.loadOlder(), chat.loadMembers(), chat.leave()],
    ];
    for (const promise of asked.slice(0, -3)) await expect(promise).rejects.toMatchObject({ code: 'closed' });
    await Promise.allSettled(asked);
    expect(chat.messages.map((item) => item.seq)).toEqual([1]);
    expect(left(client)).toEqual(NOTHING);
    await aWhile();
    expect(left(client)).toEqual(NOTHING);
    await client.close();
  });

  it.each(['connect', 'refresh'])('while getToken works (%s) asks for no other token', async (during) => {
    let calls = 0;
    const waiting: { fulfil: (token: string) => void; fail: (error: Error) => void }[] = [];
    const make = (): ChatClientImplementation =>
      world.client({
        getToken: ({ reason }) => {
          calls += 1;
          if (reason !== during) return world.server.makeToken(1, { expiresInMs: 90_000 });
          return new Promise((fulfil, fail) => waiting.push({ fulfil, fail }));
        },
      });
    for (const how of ['fulfilled', 'rejected']) {
      waiting.length = 0;
      const client = make();
      await world.until(() => waiting.length > 0, 'getToken to be called');
      await world.settle(client.close());
      expect(left(client)).toEqual(NOTHING);
      const before = calls;
      for (const { fulfil, fail } of waiting) {
        if (how === 'fulfilled') fulfil(world.server.makeToken(1));
        else fail(new Error('503'));
      }
      await aWhile();
      expect(calls).toBe(before);
      expect(left(client)).toEqual(NOTHING);
    }
  });
});
