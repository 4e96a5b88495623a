import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConversationItem } from '../src/api/message.ts';
import type { ConversationReplica } from '../src/conversation.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import { World } from './harness.ts';

let world: World;
beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

const texts = (items: readonly ConversationItem[]): string[] =>
  items.map((item) => (item.type === 'message' ? item.text : item.change.kind));
const numbered = (name: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => `${name} ${from + n}`);

async function sendAll(conversation: ConversationReplica, all: readonly string[]): Promise<void> {
  const handles = all.map((text) => conversation.send(text));
  for (const handle of handles) expect(await world.settle(handle.settled)).toMatchObject({ ok: true });
}

describe('the unread count', () => {
  it('counts what others have sent, from the server’s count on, and follows markSeen', async () => {
    const ann = await world.connect(1);
    const chat = await world.settle(ann.openPersonal(2));
    await sendAll(chat, numbered('early', 1, 30));
    const bob = await world.connect(2, { maxMessages: 10 });
    const there = bob.conversation(chat.id);
    await world.until(() => there.seq === 30 && there.unread === 30, 'the server’s count');
    expect(there.messages).toHaveLength(10);
    await sendAll(chat, numbered('late', 1, 3));
    await sendAll(there, ['own messages are never unread']);
    await world.until(() => there.seq === 34, 'the news');
    expect(there.unread).toBe(33);
    there.markSeen(31);
    expect(there.unread).toBe(2);
    there.markSeen();
    expect(there.unread).toBe(0);
    // Backwards changes nothing.
    there.markSeen(5);
    expect(there.unread).toBe(0);
    await world.advance(1_000);
    const [again] = (await world.settle((await world.connect(2)).loadConversations())).conversations;
    expect(again?.unread).toBe(0);
  });
});

describe('the window', () => {
  it('keeps the newest, brings older ones back in order, and says when it is full', async () => {
    const ann = await world.connect(1, { maxMessages: 10 });
    const chat = await world.settle(ann.openPersonal(2));
    await sendAll(chat, numbered('m', 1, 130));
    expect(texts(chat.messages)).toEqual(numbered('m', 121, 130));
    expect(chat.hasOlder).toBe(true);
    expect(await world.settle(chat.loadOlder(30))).toBe(30);
    expect(texts(chat.messages)).toEqual(numbered('m', 91, 130));
    // What was loaded stays while new ones come.
    await sendAll(chat, ['m 131']);
    expect(chat.messages).toHaveLength(40);
    for (let n = 0; n < 2; n += 1) await world.settle(chat.loadOlder(30));
    await expect(world.settle(chat.loadOlder(30))).rejects.toMatchObject({ code: 'window_full' });
    chat.trim();
    expect(texts(chat.messages)).toEqual(numbered('m', 122, 131));
    const asked = [chat.loadOlder(20), chat.loadOlder(20)];
    expect(await world.settle(Promise.all(asked))).toEqual([20, 20]);
    expect(chat.messages).toHaveLength(30);
  });

  it('is bounded over all conversations: those without news for longest keep least', async () => {
    const ann = await world.connect(1);
    const bob = await world.connect(2, { maxMessages: 30 });
    const groups: ConversationReplica[] = [];
    for (let n = 0; n < 30; n += 1) {
      groups.push(await world.settle(ann.createGroup({ name: `g${n}`, memberIds: [2] })));
    }
    for (const group of groups) await sendAll(group, numbered('m', 1, 30));
    const kept = (): number => [...bob.conversations.values()].reduce((sum, { messages }) => sum + messages.length, 0);
    await world.until(() => groups.every(({ id }) => bob.conversation(id).seq === 30), 'bob to have had all');
    expect(kept()).toBeLessThanOrEqual(20 * 30);
    expect(bob.conversation(groups[0]?.id ?? 0).messages).toHaveLength(10);
    expect(bob.conversation(groups[29]?.id ?? 0).messages).toHaveLength(30);
    // And nothing is lost by it.
    const first = bob.conversation(groups[0]?.id ?? 0);
    await world.settle(first.loadOlder());
    expect(texts(first.messages)).toEqual(numbered('m', 1, 30));
  });

  it('is bounded over all conversations also when older messages are read in all of them', async () => {
    const ann = await world.connect(1);
    const groups: ConversationReplica[] = [];
    for (let n = 0; n < 30; n += 1) {
      groups.push(await world.settle(ann.createGroup({ name: `g${n}`, memberIds: [1], history: true })));
    }
    for (const group of groups) await sendAll(group, numbered('m', 1, 30));
    const reader = await world.connect(1, { maxMessages: 10 });
    for (const { id } of groups) {
      const group = reader.conversation(id);
      await world.settle(group.loadOlder());
      // What has just been read is not what makes room.
      expect(texts(group.messages)).toEqual(numbered('m', 1, 30));
    }
    const kept = [...reader.conversations.values()].reduce((sum, { messages }) => sum + messages.length, 0);
    expect(kept).toBeLessThanOrEqual(20 * 10);
  });

  it('shows what was said before the first message of its own, and tells what is pending as news', async () => {
    const ann = await world.connect(1);
    const chat = await world.settle(ann.openPersonal(2));
    await sendAll(chat, numbered('pending', 1, 5));
    const bob = world.client({ userId: 2 });
    const news: string[] = [];
    bob.on('message', (message) => news.push(message.text));
    const there = bob.conversation(chat.id);
    // All at once, before there is a connection.
    const older = there.loadOlder();
    const sent = there.send('answer');
    await world.settle(older);
    await world.settle(sent.settled);
    await world.until(() => there.messages.length === 6, 'all to be there');
    expect(texts(there.messages)).toEqual([...numbered('pending', 1, 5), 'answer']);
    expect(news).toEqual(texts(there.messages));
  });
});

describe('a client that was away', () => {
  it('learns once what has become of its messages', async () => {
    const ann = await world.connect(1);
    const chat = await world.settle(ann.openPersonal(2));
    const handles = [chat.send('a'), chat.send('b')];
    for (const handle of handles) await world.settle(handle.settled);
    world.server.setReachable(false);
    world.server.cut();
    await world.until(() => ann.state.status === 'disconnected', 'the connection to be lost');
    // Nobody else may come in by the same door.
    for (const { environment } of world.clients) environment.isOnline = false;
    world.server.setReachable(true);
    const bob = await world.connect(2);
    await world.until(() => bob.conversation(chat.id).seq === 2, 'bob to have them');
    bob.conversation(chat.id).markSeen();
    await world.until(() => handles.every(({ status }) => status === 'seen'), 'ann to be told');
    expect(chat.receipts.get(2)).toMatchObject({ deliveredSeq: 2, seenSeq: 2 });
    expect(chat.receipts.get(2)?.seenAtMs).toBeGreaterThan(1_500_000_000_000);
  });

  it('sees nothing of a group between its removal and its return (G7)', async () => {
    const ann = await world.connect(1);
    const bob = await world.connect(2);
    const group = await world.settle(ann.createGroup({ name: 'g', memberIds: [2] }));
    const there = bob.conversation(group.id);
    await sendAll(group, ['one']);
    await world.settle(group.remove(2));
    await sendAll(group, ['not for bob']);
    await world.settle(group.add([2]));
    await sendAll(group, ['two']);
    await sendAll(there, ['three']);
    await world.until(() => group.messages.length === 6 && there.seq === 6, 'all to be there');
    expect(texts(there.messages)).toEqual(['one', 'removed', 'added', 'two', 'three']);
    await world.until(() => there.role === 'member', 'bob to know his role');
    world.server.cut();
    await sendAll(group, ['four']);
    await world.until(() => there.seq === 7, 'bob to be back');
    expect(texts(there.messages)).toEqual(['one', 'removed', 'added', 'two', 'three', 'four']);
  });
});

describe('two clients of one user', () => {
  it('agree on what is unread: one that was away learns what the user has seen on the other', async () => {
    const bob = await world.connect(2);
    const away = await world.connect(1, { backoff: { baseMs: 3_000_000, maxMs: 3_000_000 } });
    const here = await world.connect(1);
    const chat = await world.settle(bob.openPersonal(1));
    await sendAll(chat, numbered('m', 1, 3));
    await world.until(() => away.conversation(chat.id).unread === 3, 'the messages');
    // Nothing that it has asked is on its way.
    await world.advance(1_000);
    world.server.cut();
    await world.until(() => here.state.status === 'connected', 'one to be back');
    here.conversation(chat.id).markSeen();
    await world.advance(1_000);
    expect(away.state.status).toBe('disconnected');
    away.reconnect();
    await world.until(() => away.state.status === 'connected', 'the other to be back');
    await world.until(() => away.conversation(chat.id).unread === 0, 'it to learn that they are seen', 1_000);
  });

  it('agree on what is unread while both are there', async () => {
    const [bob, one, two] = [await world.connect(2), await world.connect(1), await world.connect(1)];
    const chat = await world.settle(bob.openPersonal(1));
    await sendAll(chat, ['a']);
    for (const client of [one, two]) await world.until(() => client.conversation(chat.id).unread === 1, 'the message');
    await world.advance(1_000);
    one.conversation(chat.id).markSeen();
    await world.until(() => two.conversation(chat.id).unread === 0, 'the other to hear of it', 10_000);
  });

  it('agree on what is unread when one keeps less than the other has left unseen, or has seen single messages', async () => {
    const bob = await world.connect(2);
    const one = await world.connect(1);
    const two = await world.connect(1, { maxMessages: 5 });
    const chat = await world.settle(bob.openPersonal(1));
    await sendAll(chat, numbered('m', 1, 30));
    const there = two.conversation(chat.id);
    await world.until(() => there.seq === 30 && there.unread === 30, 'the messages');
    await world.advance(1_000);
    one.conversation(chat.id).markSeen(10);
    await world.until(() => there.unread === 20, 'the other to hear of it', 10_000);
    // As clients of the legacy protocol say it.
    const old = new world.server.webSocket(world.server.url);
    old.onopen = () => {
      old.send(JSON.stringify({ type: 'hello', v: 2, user_id: 1 }));
      old.send(JSON.stringify({ type: 'seen', message_id: [there.messages.at(-1)?.messageId] }));
    };
    for (const client of [one, two]) {
      await world.until(() => client.conversation(chat.id).unread === 19, 'both to hear of it', 10_000);
    }
    await sendAll(chat, ['one more']);
    for (const client of [one, two]) {
      await world.until(() => client.conversation(chat.id).unread === 20, 'one more', 10_000);
      client.conversation(chat.id).markSeen();
      expect(client.conversation(chat.id).unread).toBe(0);
    }
    old.close();
  });

  it('each show what the other has sent, and a shared storage is sent once', async () => {
    const storage = { ...memoryStorage(), sharedName: 'shared' };
    const bob = await world.connect(2);
    const [first, second] = [world.client({ userId: 1, storage }), world.client({ userId: 1, storage })];
    const chat = await world.settle(first.openPersonal(2));
    const there = second.conversation(chat.id);
    // Without locks both send what they know; the server stores each once.
    const handles = numbered('m', 1, 10).flatMap((text) => [chat.send(`first ${text}`), there.send(`second ${text}`)]);
    for (const handle of handles) expect(await world.settle(handle.settled)).toMatchObject({ ok: true });
    const seen = bob.conversation(chat.id);
    await world.until(() => [chat, there, seen].every(({ messages }) => messages.length === 20), 'all to be there');
    expect(texts(there.messages)).toEqual(texts(chat.messages));
    for (const name of ['first m', 'second m']) {
      expect(texts(seen.messages).filter((text) => text.startsWith(name))).toEqual(numbered(name, 1, 10));
    }
    expect(await storage.load()).toEqual([]);
  });
});

describe('a listener that throws', () => {
  it('stops nothing, and is reported', async () => {
    const ann = await world.connect(1);
    const errors: string[] = [];
    ann.on('error', (error) => errors.push(error.message));
    ann.on('message', () => {
      throw new Error('of a message');
    });
    const chat = await world.settle(ann.openPersonal(2));
    chat.subscribe(() => {
      throw new Error('of a subscriber');
    });
    const handle = chat.send('hello');
    handle.onStatus(() => {
      throw new Error('of a handle');
    });
    await world.settle(handle.settled);
    await world.until(() => chat.messages.length === 1, 'the message to be there');
    expect(new Set(errors)).toEqual(new Set(['of a subscriber', 'of a message', 'of a handle']));
  });
});

describe('summaries', () => {
  it('G4 come of all conversations that they are asked for, also when their texts are too long for one answer', async () => {
    const ann = await world.connect(1);
    const bob = await world.connect(2);
    const description = '\u0001'.repeat(4_000);
    const made = Array.from({ length: 30 }, (_, n) => ann.createGroup({ name: `${n}`, memberIds: [2], description }));
    await Promise.all(made.map((group) => world.settle(group)));
    const named = () => [...bob.conversations.values()].filter(({ name }) => name !== null).length;
    await world.until(() => named() === 30, 'their names');
  });
});
