import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConversationItem } from '../src/api/message.ts';
import { World } from './harness.ts';

let world: World;
beforeEach(async () => {
  world = await World.open();
});
afterEach(async () => {
  await world.close();
});

const texts = (items: readonly ConversationItem[]): string[] =>
  items.map((item) => (item.type === 'message' ? item.text : item.change.kind));

describe('a client', () => {
  it('sends a message that the other gets, and is told that it is delivered and seen', async () => {
    const ann = await world.connect(1);
    const bob = await world.connect(2);
    const chat = await world.settle(ann.openPersonal(2));
    const statuses: string[] = [];
    const handle = chat.send('hello');
    handle.onStatus((status) => statuses.push(status));
    expect(handle.status).toBe('queued');
    expect(chat.pending).toEqual([handle]);

    const result = await world.settle(handle.settled);
    expect(result).toMatchObject({ ok: true, seq: 1 });
    expect(texts(chat.messages)).toEqual(['hello']);
    expect(chat.pending).toEqual([]);

    await world.until(() => (bob.conversations.get(chat.id)?.messages.length ?? 0) === 1, 'bob to have it');
    const there = bob.conversation(chat.id);
    expect(texts(there.messages)).toEqual(['hello']);
    expect(there.unread).toBe(1);
    await world.until(() => handle.status === 'delivered', 'the delivered receipt');
    there.markSeen();
    expect(there.unread).toBe(0);
    await world.until(() => handle.status === 'seen', 'the seen receipt');
    expect(statuses).toEqual(['sent', 'delivered', 'seen']);
    expect(chat.receipts.get(2)).toMatchObject({ deliveredSeq: 1, seenSeq: 1 });
    const [message] = chat.messages;
    if (message?.type !== 'message') throw new Error('no message');
    expect(chat.statusOf(message)).toBe('seen');
  });

  it('places its own sends among those of others, in order, once', async () => {
    const ann = await world.connect(1);
    const bob = await world.connect(2);
    const chat = await world.settle(ann.openPersonal(2));
    const there = bob.conversation(chat.id);
    const handles = [];
    for (let n = 0; n < 20; n += 1) {
      handles.push(chat.send(`ann ${n}`), there.send(`bob ${n}`));
      await world.advance(n % 3);
    }
    for (const handle of handles) expect(await world.settle(handle.settled)).toMatchObject({ ok: true });
    await world.until(() => chat.messages.length === 40 && there.messages.length === 40, 'all to be there');
    expect(chat.messages.map((item) => item.seq)).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
    expect(texts(there.messages)).toEqual(texts(chat.messages));
    expect(texts(chat.messages).filter((text) => text.startsWith('ann'))).toEqual(
      Array.from({ length: 20 }, (_, n) => `ann ${n}`),
    );
  });

  it('shows a conversation that another has opened before anything is said in it', async () => {
    const ann = await world.connect(1);
    const bob = await world.connect(2);
    const heard: number[] = [];
    bob.on('conversation', ({ id }) => heard.push(id));
    const chat = await world.settle(ann.openPersonal(2));
    await world.until(() => typeof bob.conversations.get(chat.id)?.peerId === 'number', 'bob to hear of it');
    expect(heard).toEqual([chat.id]);
    expect(bob.conversation(chat.id)).toMatchObject({ kind: 'personal', peerId: 1, name: 'User 1', unread: 0 });
    expect(bob.conversation(chat.id).messages).toEqual([]);
  });

  it('knows a conversation by its summary, and reads older messages', async () => {
    const ann = await world.connect(1);
    const chat = await world.settle(ann.openPersonal(2));
    for (let n = 1; n <= 120; n += 1) chat.send(`m${n}`);
    await world.until(() => chat.pending.length === 0, 'all to be sent');
    const bob = await world.connect(2);
    await world.until(() => bob.conversation(chat.id).messages.length === 120, 'bob to have them');
    await world.settle(bob.close());
    // The receipts are written after a moment.
    await world.advance(1_000);

    const again = await world.connect(2);
    const page = await world.settle(again.loadConversations());
    expect(page.next).toBe(null);
    const [there] = page.conversations;
    // Also what nobody has told since this client began.
    await world.settle(again.conversation(chat.id).loadMembers());
    expect(again.conversation(chat.id).receipts.get(1)).toMatchObject({ userId: 1, seenSeq: 0 });
    expect(there).toMatchObject({ id: chat.id, kind: 'personal', peerId: 1, unread: 120 });
    expect(there?.messages).toEqual([]);
    expect(there?.hasOlder).toBe(true);
    expect(await world.settle(there!.loadOlder(100))).toBe(100);
    expect(await world.settle(there!.loadOlder(100))).toBe(20);
    expect(there?.hasOlder).toBe(false);
    expect(texts(there!.messages)).toEqual(Array.from({ length: 120 }, (_, n) => `m${n + 1}`));
  });

  it('shows the changes of a group as events, applies them, and keeps the members', async () => {
    const ann = await world.connect(1);
    const bob = await world.connect(2);
    const group = await world.settle(ann.createGroup({ name: 'tea', memberIds: [2] }));
    group.send('first');
    await world.until(() => bob.conversations.has(group.id), 'bob to hear of it');
    const there = bob.conversation(group.id);
    expect((await world.settle(there.loadMembers())).map((m) => m.role)).toEqual(['owner', 'member']);
    await world.settle(group.rename('coffee'));
    await world.settle(group.add([3]));
    await world.settle(group.setRole(2, 'admin'));
    await world.settle(group.describe('black'));
    await world.until(() => there.description === 'black' && group.description === 'black', 'the events');
    expect(there.name).toBe('coffee');
    expect(there.role).toBe('admin');
    await world.until(() => there.members?.length === 3, 'the third member');
    expect(texts(there.messages)).toEqual(['first', 'renamed', 'added', 'role', 'described']);
    expect(texts(group.messages)).toEqual(texts(there.messages));
    await world.settle(group.transfer(2));
    await world.settle(group.leave());
    await world.until(() => there.role === 'owner' && there.members?.length === 2, 'ann to have left');
    expect(group.role).toBe(null);
    await expect(world.settle(group.send('too late').settled)).resolves.toMatchObject({
      ok: false,
      error: { code: 'not_a_member' },
    });
  });

  it('shows who is typing and who is there', async () => {
    const ann = await world.connect(1);
    const bob = await world.connect(2);
    const chat = await world.settle(ann.openPersonal(2));
    await world.settle(chat.send('hi').settled);
    await world.until(() => bob.conversations.has(chat.id), 'bob to hear of it');
    const there = bob.conversation(chat.id);
    chat.setTyping();
    await world.until(() => there.typing.includes(1), 'ann to be seen typing');
    await world.until(() => there.typing.length === 0, 'it to end by itself', 10_000);

    const seen: boolean[] = [];
    ann.on('presence', (presence) => seen.push(presence.online));
    const stop = ann.watchPresence([2]);
    await world.until(() => seen.length === 1, 'the answer');
    await world.settle(bob.close());
    await world.until(() => seen.length === 2, 'the news', 30_000);
    expect(seen).toEqual([true, false]);
    stop();
  });

  it('waits for a connection as long as it may, also with what needs to know who it is', async () => {
    world.server.setReachable(false);
    const client = world.client({ getToken: () => world.server.makeToken(1), requestTimeoutMs: 5_000 });
    const asked = [client.openPersonal(2), client.createGroup({ name: 'x', memberIds: [2] })];
    await world.advance(5_001);
    for (const promise of asked) {
      await expect(world.settle(promise, 'an answer')).rejects.toMatchObject({ code: 'disconnected' });
    }
    const later = client.openPersonal(2);
    world.server.setReachable(true);
    client.reconnect();
    expect((await world.settle(later)).kind).toBe('personal');
  });

  it('reads a conversation again after the store was replaced', async () => {
    const ann = await world.connect(1);
    const chat = await world.settle(ann.openPersonal(2));
    await world.settle(chat.send('lost').settled);
    const resets: number[] = [];
    ann.on('reset', (conversation) => resets.push(conversation.id));
    await world.settle(world.server.replaceStore());
    const bob = await world.connect(2);
    const anew = await world.settle(bob.openPersonal(1));
    await world.settle(anew.send('new').settled);
    await world.until(() => ann.state.status === 'connected', 'ann to be back');
    await world.until(() => texts(ann.conversation(anew.id).messages).includes('new'), 'the new message');
    expect(texts(ann.conversation(anew.id).messages)).toEqual(['new']);
  });

  it('refreshes its token in band, once at a time', async () => {
    let calls = 0;
    let running = 0;
    let mostAtOnce = 0;
    const reasons: string[] = [];
    const client = world.client({
      getToken: async ({ reason }) => {
        calls += 1;
        reasons.push(reason);
        running += 1;
        mostAtOnce = Math.max(mostAtOnce, running);
        // Slower than what asks for it.
        await new Promise<void>((resolve) => void world.clock.after(700, resolve));
        running -= 1;
        return world.server.makeToken(1, { expiresInMs: 120_000 });
      },
    });
    await world.until(() => client.state.status === 'connected', 'the client to connect');
    const states: string[] = [];
    client.on('state', (state) => states.push(state.status));
    await world.advance(400_000);
    expect(states).toEqual([]);
    expect(mostAtOnce).toBe(1);
    expect(calls).toBeGreaterThanOrEqual(5);
    expect(new Set(reasons)).toEqual(new Set(['connect', 'refresh']));
  });
});

describe('the status of a message of a group', () => {
  it('G6 owes nothing to who was added behind it', async () => {
    const ann = await world.connect(1);
    const group = await world.settle(ann.createGroup({ name: 'g', memberIds: [2] }));
    await world.settle(group.loadMembers());
    const before = group.send('before');
    expect(await world.settle(before.settled)).toMatchObject({ ok: true });
    const carl = await world.connect(3);
    await world.settle(group.add([3]));
    await world.until(() => carl.conversation(group.id).seq === 2, 'carl to have the event');
    await world.until(() => group.receipts.get(3)?.deliveredSeq === 2, 'the receipt of it');
    const behind = group.send('behind');
    await world.until(() => behind.status === 'delivered', 'the one behind to be delivered');
    expect(before.status).toBe('sent');
    const statuses = group.messages.map((item) => item.type === 'message' && group.statusOf(item));
    expect(statuses).toEqual(['sent', false, 'delivered']);
    const bob = await world.connect(2);
    await world.until(() => before.status === 'delivered', 'bob to have all');
    expect(bob.conversation(group.id).seq).toBe(3);
  });
});
